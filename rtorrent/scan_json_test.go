package rtorrent

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func jsonReply(value string) []byte {
	return fmt.Appendf(nil, `{"id":1,"jsonrpc":"2.0","result":%s}`, value)
}

func TestJSONScalars(t *testing.T) {
	for value, want := range map[string]any{
		"0": int64(0), "-0": int64(0), "7": int64(7), "-7": int64(-7), " 7 ": int64(7),
		"999999999999999999": int64(999999999999999999), "-1000000000000000000": int64(-1e18),
		"9223372036854775807": int64(1<<63 - 1), "-9223372036854775808": int64(-1 << 63),
		"2.0": int64(2), "2e3": int64(2000), "-2.5E+1": int64(-25), "1.5": "1.5", "-0.25": "-0.25",
		"9007199254740993.0": "9007199254740993.0", // a float64 has no such number
		"true":               int64(1), "false": int64(0), "null": "",
		`""`: "", `"plain"`: "plain", `"é 😀"`: "é 😀",
		`"\"\\\/\b\f\n\r\t"`:             "\"\\/\b\f\n\r\t",
		`"\u0041\u00e9\u00E9\u20ac"`:     "Aéé€",
		`"\u0000\u0001\u0007"`:           "\x00\x01\x07",
		`"\ud83d\ude00"`:                 "😀",
		`"\ud83d"`:                       "\uFFFD",
		`"\ude00"`:                       "\uFFFD",
		`"\ud83dx"`:                      "\uFFFDx",
		`"\ud83d\n"`:                     "\uFFFD\n",
		`"\ud83d\u0041"`:                 "\uFFFDA",
		`"\ud83d\ud83d\ude00"`:           "\uFFFD😀",
		`"\\u0041"`:                      `\u0041`,
		`"a\\"`:                          `a\`,
		"\"raw \x01\x7f \xff\xed\xa0\"":  "raw \x01\x7f \xff\xed\xa0",
		"\"raw \x01 escaped \\n \xff\"":  "raw \x01 escaped \n \xff",
		"\"\u2028 ]]> <value> &amp; '\"": "\u2028 ]]> <value> &amp; '",
	} {
		got, err := readSingle(newJSONScanner(jsonReply(value)))
		if err != nil || got != want {
			t.Errorf("%s = %#v, %v, want %#v", value, got, err, want)
		}
	}
}

func TestJSONRefusesWhatItCannotRead(t *testing.T) {
	replies := map[string]string{
		"nothing": "", "no object": "5", "an empty object": "{}", "XML": string(xmlReply("<value/>")),
		"another id":        `{"id":2,"result":0}`,
		"no id":             `{"result":0}`,
		"a null id":         `{"id":null,"result":0}`,
		"a text id":         `{"id":"1","result":0}`,
		"no result":         `{"id":1}`,
		"two results":       `{"id":1,"result":0,"result":1}`,
		"two results first": `{"result":0,"result":1,"id":1}`,
		"result and error":  `{"id":1,"result":0,"error":{"code":1,"message":"x"}}`,
		"error of another":  `{"error":{"code":1,"message":"x"},"id":2}`,
		"error is a text":   `{"error":"x","id":1}`,
		"error is empty":    `{"error":{},"id":1}`,
		"error code a text": `{"error":{"code":"1","message":"x"},"id":1}`,
		"error no message":  `{"error":{"code":1},"id":1}`,
		"error message 5":   `{"error":{"code":1,"message":5},"id":1}`,
		"a bare key":        `{id:1,"result":0}`,
		"no colon":          `{"id" 1,"result":0}`,
		"a comma too many":  `{"id":1,"result":0,}`,
		"a comma first":     `{,"id":1,"result":0}`,
		"no comma":          `{"id":1 "result":0}`,
		"two objects":       `{"id":1,"result":0}{"id":1,"result":0}`,
		"an unknown broken": `{"id":1,"x":[1,}],"result":0}`,
		"an unknown deep":   `{"id":1,"x":` + strings.Repeat("[", 1_000_000),
	}
	for _, value := range []string{
		"", "01", "-01", "00", "-", "+1", ".5", "1.", "1.e3", "1e", "1e+", "0x1", "1_0",
		"9223372036854775808", "-9223372036854775809", "99999999999999999999999", "1e19", "1e400", "-1e19",
		"tru", "True", "nul", "nullx", "NaN", "'a'",
		`"`, `"a`, `"\"`, `"\x"`, `"\u"`, `"\u004"`, `"\u004g"`, `"\u 041"`, `"\ud83d\u00"`, `"a""b"`,
		`{"bytes":[99],"subtype":null}`, // where a scalar is asked for
		"[", "[1", "[1,", "[,]", "[1,]", "[1 2]", "[1]]", "[[1]", "[1,,2]", "1 2", "[1}",
	} {
		replies[value] = string(jsonReply(value))
	}
	for name, reply := range replies {
		if got, err := readSingle(newJSONScanner([]byte(reply))); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v, %v, want ErrProtocol", name, got, err)
		}
	}
}

func TestJSONRowRefusesWhatItCannotRead(t *testing.T) {
	for _, row := range []string{"", "5", "[", "[1", "[1,", "[1,]", "[01]", "[01,2]", "[1 2]", "[[]]", "[{}]", "[1}", "[9223372036854775808]"} {
		s := newJSONScanner(jsonReply(row))
		err := single(s, func() error {
			_, err := s.row(nil)
			return err
		})
		if !errors.Is(err, ErrProtocol) {
			t.Errorf("row %s: %v, want ErrProtocol", row, err)
		}
	}
}

func TestJSONKeysInAnyOrder(t *testing.T) {
	for _, reply := range []string{
		`{"id":1,"jsonrpc":"2.0","result":["a",{"k":[1]}]}`,
		`{"result":["a",{"k":[1]}],"jsonrpc":"2.0","id":1}`,
		` { "jsonrpc" : "2.0" , "result" : [ "a" , { "k" : [ 1 ] } ] , "id" : 1 , "error" : null } ` + "\r\n",
		`{"error":null,"result":["a",{"k":[1]}],"id":1}`,
		`{"\u0069d":1,"x":{"result":5},"re\u0073ult":["a",{"k":[1]}],"y":[]}`,
	} {
		s := newJSONScanner([]byte(reply))
		err := single(s, func() error {
			if err := s.open(); err != nil {
				return err
			}
			if more, err := s.more(); err != nil || !more {
				return fmt.Errorf("more = %v, %w", more, err)
			}
			c, err := s.cell()
			if err != nil || string(c.text) != "a" {
				return fmt.Errorf("cell = %q, %w", c.text, err)
			}
			if more, err := s.more(); err != nil || !more {
				return fmt.Errorf("more = %v, %w", more, err)
			}
			if err := s.skip(); err != nil {
				return err
			}
			_, err = s.more()
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", reply, err)
		}
	}
	batch := `[{"result":1,"id":1},{"id":2,"error":{"message":"m","data":[],"code":-32602}},{"result":3,"id":3}]`
	results, refusals, err := readBatch(newJSONScanner([]byte(batch)), 3)
	if want := []any{int64(1), int64(3)}; err != nil || !reflect.DeepEqual(results, want) || refusals[1] == nil {
		t.Errorf("batch = %v, %v, %v, want %v", results, refusals, err, want)
	}
	swapped := `[{"id":2,"result":1},{"id":1,"result":2}]`
	if _, _, err := readBatch(newJSONScanner([]byte(swapped)), 2); !errors.Is(err, ErrProtocol) {
		t.Errorf("batch in another order: %v, want ErrProtocol", err)
	}
}
