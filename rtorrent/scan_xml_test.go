package rtorrent

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// xmlReply puts a value into a reply.
func xmlReply(value string) []byte {
	return []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<methodResponse>\r\n<params>\r\n<param>" +
		value + "</param>\r\n</params>\r\n</methodResponse>\r\n")
}

func TestXMLScalars(t *testing.T) {
	for value, want := range map[string]any{
		"<value><i8>257093</i8></value>":                                        int64(257093),
		"<value><i4>-501</i4></value>":                                          int64(-501),
		"<value><int>2</int></value>":                                           int64(2),
		"<value><ex:i8>3</ex:i8></value>":                                       int64(3),
		"<value><i8>1000000000000000000</i8></value>":                           int64(1e18),
		"<value><i8>-9223372036854775808</i8></value>":                          int64(-1 << 63),
		"<value>\r\n <i8>5</i8>\r\n </value>":                                   int64(5),
		"<value><boolean>1</boolean></value>":                                   int64(1),
		"<value><boolean>0</boolean></value>":                                   int64(0),
		"<value><double>2.0</double></value>":                                   int64(2),
		"<value><double>-2.50</double></value>":                                 "-2.50",
		"<value><string></string></value>":                                      "",
		"<value><string/></value>":                                              "",
		"<value/>":                                                              "",
		"<value></value>":                                                       "",
		"<value> untyped &amp; bare </value>":                                   " untyped & bare ",
		"<value> </value>":                                                      " ",
		"<value><string> edge </string></value>":                                " edge ",
		"<value><nil/></value>":                                                 "",
		"<value><nil></nil></value>":                                            "",
		"<value><ex:nil/></value>":                                              "",
		"<value><base64>aGVs\r\nbG8A/w==\r\n</base64></value>":                  "hello\x00\xff",
		"<value><base64></base64></value>":                                      "",
		"<value><dateTime.iso8601>20260102T03:04:05</dateTime.iso8601></value>": "20260102T03:04:05",
		"<value><string>&amp;&lt;&gt;&quot;&apos;</string></value>":             `&<>"'`,
		"<value><string>&#65;&#x42;&#x1F600;</string></value>":                  "AB😀",
		"<value><string>&#1;&#xD800;&#x110000;</string></value>":                "\x01\uFFFD\uFFFD",
		"<value><string>ctl\x01\x07\x1b\x7f</string></value>":                   "ctl\x01\x07\x1b\x7f",
		"<value><string>bad\xff\xfe \xe9 \xed\xa0\x80</string></value>":         "bad\xff\xfe \xe9 \xed\xa0\x80",
		"<value><string>CR\r LF\n CRLF\r\n</string></value>":                    "CR\r LF\n CRLF\r\n",
		"<value><string>\"raw' > ]]></string></value>":                          "\"raw' > ]]>",
	} {
		got, err := readSingle(newXMLScanner(xmlReply(value)))
		if err != nil || got != want {
			t.Errorf("%s = %#v, %v, want %#v", value, got, err, want)
		}
	}
}

func TestXMLRefusesWhatItCannotRead(t *testing.T) {
	const ok = "<value><i4>0</i4></value>"
	replies := map[string]string{
		"nothing":                "",
		"a web page":             "<!DOCTYPE html><html><body>login</body></html>",
		"another root":           "<methodCall></methodCall>",
		"another charset":        strings.Replace(string(xmlReply(ok)), "UTF-8", "ISO-8859-1", 1),
		"an endless declaration": "<?xml version=",
		"a comment before":       "<!-- --><methodResponse><params><param>" + ok + "</param></params></methodResponse>",
		"two params":             string(xmlReply(ok + "</param><param>" + ok)),
		"a second document":      string(xmlReply(ok)) + string(xmlReply(ok)),
		"a fault without a code": "<methodResponse><fault><value><struct><member><name>faultString</name>" +
			"<value><string>x</string></value></member></struct></value></fault></methodResponse>",
		"a fault without a text":    "<methodResponse><fault><value><struct/></value></fault></methodResponse>",
		"a fault that is no struct": "<methodResponse><fault>" + ok + "</fault></methodResponse>",
		"a fault with a text for a code": "<methodResponse><fault><value><struct><member><name>faultCode</name>" +
			"<value>x</value></member><member><name>faultString</name><value>x</value></member></struct></value></fault></methodResponse>",
		"a fault with more": "<methodResponse><fault><value><struct><member><name>more</name><value>x</value></member>" +
			"</struct></value></fault></methodResponse>",
		"no param": "<methodResponse><params></params></methodResponse>",
	}
	for _, value := range []string{
		"<value><string>a<![CDATA[b]]></string></value>",
		"<value><![CDATA[b]]></value>",
		"<value><string>a<!-- b --></string></value>",
		"<value><!-- b --><string>a</string></value>",
		"<value>x<string>a</string></value>",
		"<value><string>a</string>x</value>",
		"<value><string>a</value></string>",
		"<value><string>a</i8></value>",
		"<value><string>a</string></string></value>",
		"<value><i8></i8></value>", "<value><i8/></value>", "<value><i8>-</i8></value>", "<value><i8> 5 </i8></value>",
		"<value><i8>9223372036854775808</i8></value>", "<value><i8>5.0</i8></value>", "<value><i8>five</i8></value>",
		"<value><boolean>2</boolean></value>", "<value><boolean></boolean></value>",
		"<value><double>1e400</double></value>", "<value><double>NaN</double></value>", "<value><double>1e19</double></value>",
		"<value><base64>a</base64></value>", "<value><base64>!!!!</base64></value>",
		"<value><nil>x</nil></value>", "<value><other>x</other></value>", "<other>x</other>",
		"<value><string>&nbsp;</string></value>", "<value><string>a & b</string></value>", "<value><string>&</string></value>",
		"<value><string>&#;</string></value>", "<value><string>&#xG;</string></value>", "<value><string>&#x99999999;</string></value>",
		"<value><string>&amp</string></value>",
		"<value><array></array></value>", "<value><array><data>x</data></array></value>",
		"<value><array><data/></data></array></value>", "<value><array><data>" + ok + "</array></value>",
		"<value><array><data>" + ok + ok + "</data></data></array></value>",
		"<value><struct></struct></value>", // where a scalar is asked for
		"<value type='x'><string>a</string></value>",
	} {
		replies[value] = string(xmlReply(value))
	}
	for name, reply := range replies {
		if got, err := readSingle(newXMLScanner([]byte(reply))); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v, %v, want ErrProtocol", name, got, err)
		}
	}
}

func TestXMLPartsAreArraysOfOne(t *testing.T) {
	for _, parts := range []any{
		[]any{[]any{}}, []any{[]any{"a", "b"}}, []any{"a"}, "a", []any{[]any{"a"}, []any{}},
	} {
		for _, l := range []xmlLayout{xmlrpcC, tinyXML2} {
			_, _, err := readBatch(newXMLScanner(l.single(parts)), 1)
			if !errors.Is(err, ErrProtocol) {
				t.Errorf("%v: %v, want ErrProtocol", parts, err)
			}
		}
	}
}

func TestXMLSkipsStructs(t *testing.T) {
	for _, value := range []string{
		"<value><struct/></value>",
		"<value><struct></struct></value>",
		"<value><array><data/></array></value>",
		"<value><struct><member><name>a</name><value><i4>1</i4></value></member>\r\n<member>\r\n<name>b</name>" +
			"<value><struct><member><name>&amp;</name><value><array><data/></array></value></member></struct></value></member></struct></value>",
	} {
		s := newXMLScanner(xmlReply(value))
		if err := single(s, s.skip); err != nil {
			t.Errorf("skip of %s: %v", value, err)
		}
	}
	for _, value := range []string{
		"<value><struct><member></member></struct></value>",
		"<value><struct><member><name>a</name></member></struct></value>",
		"<value><struct><member><name>a</name><value/>x</member></struct></value>",
		"<value><struct><name>a</name></struct></value>",
		strings.Repeat("<value><struct><member><name>a</name>", maxDepth) + "<value/>" +
			strings.Repeat("</member></struct></value>", maxDepth),
	} {
		s := newXMLScanner(xmlReply(value))
		if err := single(s, s.skip); !errors.Is(err, ErrProtocol) {
			t.Errorf("skip of %s: %v, want ErrProtocol", value, err)
		}
	}
}

// TestXMLRepliesAsRecorded reads the bytes that the two backends sent.
func TestXMLRepliesAsRecorded(t *testing.T) {
	const table = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<methodResponse>\r\n<params>\r\n" +
		"<param><value><array><data>\r\n<value><array><data>\r\n" +
		"<value><string>9FD9</string></value>\r\n<value><i8>257093</i8></value>\r\n<value><string></string></value>\r\n" +
		"</data></array></value>\r\n</data></array></value></param>\r\n</params>\r\n</methodResponse>\r\n"
	got, err := readSingle(newXMLScanner([]byte(table)))
	if want := []any{[]any{"9FD9", int64(257093), ""}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("xmlrpc-c: %v, %v, want %v", got, err, want)
	}
	const compact = `<?xml version="1.0"?><methodResponse><params><param><value><array><data>` +
		`<value><array><data><value><string>9FD9</string></value><value><i8>1</i8></value></data></array></value>` +
		`</data></array></value></param></params></methodResponse>`
	got, err = readSingle(newXMLScanner([]byte(compact)))
	if want := []any{[]any{"9FD9", int64(1)}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("tinyxml2: %v, %v, want %v", got, err, want)
	}
	const fault = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<methodResponse>\r\n<fault>\r\n<value><struct>\r\n" +
		"<member><name>faultCode</name>\r\n<value><i4>-506</i4></value></member>\r\n<member><name>faultString</name>\r\n" +
		"<value><string>Method 'x' not defined</string></value></member>\r\n</struct></value>\r\n</fault>\r\n</methodResponse>\r\n"
	if _, err = readSingle(newXMLScanner([]byte(fault))); !errors.Is(err, ErrUnsupported) {
		t.Errorf("fault: %v, want ErrUnsupported", err)
	}
}
