package rtorrenttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// answerJSON carries out a JSON-RPC request or a batch of them. One string that
// is not UTF-8 makes all of the reply an error, as there.
func (r *run) answerJSON(body []byte) []byte {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '[' {
		reply, err := r.respond(body)
		return whole(reply, err)
	}
	var requests []json.RawMessage
	if err := json.Unmarshal(body, &requests); err != nil {
		return whole(nil, err)
	}
	if len(requests) == 0 {
		return jsonRefusal("null", -32600, "invalid request: empty batch")
	}
	var replies [][]byte
	for _, request := range requests {
		reply, err := r.respond(request)
		if err != nil {
			return whole(nil, err)
		}
		if reply != nil {
			replies = append(replies, reply)
		}
	}
	return append(append([]byte("["), bytes.Join(replies, []byte(","))...), ']')
}

// whole turns an error into the reply to all of a request.
func whole(reply []byte, err error) []byte {
	if err != nil {
		return jsonRefusal("null", -32700, "[json.exception.type_error.316] "+err.Error())
	}
	return reply
}

func jsonRefusal(id string, code int64, text string) []byte {
	message, err := appendJSON(nil, text)
	if err != nil {
		return whole(nil, err)
	}
	return fmt.Appendf(nil, `{"error":{"code":%d,"message":%s},"id":%s,"jsonrpc":"2.0"}`, code, message, id)
}

// respond carries out one call. Its reply is nil where there is no id.
func (r *run) respond(body []byte) ([]byte, error) {
	var request struct {
		ID     json.RawMessage
		Method string
		Params []any
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&request); err != nil {
		return nil, err
	}
	result, err := r.callJSON(request.Method, request.Params)
	if request.ID == nil {
		return nil, nil
	}
	if err != nil {
		code, text := r.dialect.fault(err, true)
		return jsonRefusal(string(request.ID), code, text), nil
	}
	reply := fmt.Appendf(nil, `{"id":%s,"jsonrpc":"2.0","result":`, request.ID)
	if reply, err = appendJSON(reply, result); err != nil {
		return nil, err
	}
	return append(reply, '}'), nil
}

func (r *run) callJSON(method string, params []any) (any, error) {
	if r.o.NoJSON {
		return nil, &fault{noMethodCode, "", "JSON-RPC not supported"}
	}
	switch method {
	case "system.multicall", "system.listMethods", "system.methodExist":
		return nil, noMethod(method)
	}
	for i, p := range params {
		v, err := fromJSON(p)
		if err != nil {
			return nil, err
		}
		params[i] = v
	}
	return r.call(method, params)
}

func fromJSON(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return nil, errInvalid
		}
		return n, nil
	case []any:
		for i, element := range v {
			value, err := fromJSON(element)
			if err != nil {
				return nil, err
			}
			v[i] = value
		}
		return v, nil
	}
	return nil, errInvalid
}

// appendJSON appends a value; the error is that of text that is not UTF-8.
func appendJSON(b []byte, v any) ([]byte, error) {
	var err error
	switch v := v.(type) {
	case int64:
		b = fmt.Append(b, v)
	case nothing:
		b = append(b, '0')
	case bool:
		b = append(b, '1')
	case string:
		return appendJSONText(b, v)
	case []any:
		b = append(b, '[')
		for i, element := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendJSON(b, element); err != nil {
				return nil, err
			}
		}
		b = append(b, ']')
	case object:
		b = append(b, '{')
		for i, m := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendJSON(b, m.name); err != nil {
				return nil, err
			}
			if b, err = appendJSON(append(b, ':'), m.value); err != nil {
				return nil, err
			}
		}
		b = append(b, '}')
	default:
		return nil, errors.New("a value of no JSON type")
	}
	return b, nil
}

// appendJSONText escapes no more than rTorrent's library does.
func appendJSONText(b []byte, s string) ([]byte, error) {
	if err := checkUTF8(s); err != nil {
		return nil, err
	}
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c < 0x20:
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"'), nil
}

// checkUTF8 says what is wrong with a text as rTorrent's library does.
func checkUTF8(s string) error {
	for i := 0; i < len(s); {
		_, size := utf8.DecodeRuneInString(s[i:])
		if size > 1 || s[i] < utf8.RuneSelf {
			i += size
			continue
		}
		// The byte that ends what began well is the one that is named.
		for n := 1; i+n <= len(s); n++ {
			if i+n == len(s) && !utf8.FullRuneInString(s[i:]) {
				return fmt.Errorf("incomplete UTF-8 string; last byte: 0x%02X", s[len(s)-1])
			}
			if utf8.FullRuneInString(s[i : i+n]) {
				return fmt.Errorf("invalid UTF-8 byte at index %d: 0x%02X", i+n-1, s[i+n-1])
			}
		}
	}
	return nil
}
