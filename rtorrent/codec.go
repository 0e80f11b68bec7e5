package rtorrent

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/kolo/xmlrpc"
)

// A call is one method with its parameters, target first.
type call struct {
	method string
	args   []any // string, Hash, []byte, int, int64, bool, and lists of these
}

// multicallEntry is one element of system.multicall's list. It is a struct
// because the order of its members must hold: tinyxml2 builds want the method
// first.
type multicallEntry struct {
	Method string `xmlrpc:"methodName"`
	Params []any  `xmlrpc:"params"`
}

// encodeXML returns the XML-RPC request of one call.
func encodeXML(c call) ([]byte, error) {
	args, err := xmlValues(c.args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.method, err)
	}
	return xmlrpc.EncodeMethodCall(c.method, args...)
}

// encodeMulticall returns the XML-RPC request that carries several calls.
func encodeMulticall(calls []call) ([]byte, error) {
	entries := make([]multicallEntry, len(calls))
	for i, c := range calls {
		args, err := xmlValues(c.args)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.method, err)
		}
		entries[i] = multicallEntry{Method: c.method, Params: args}
	}
	return xmlrpc.EncodeMethodCall("system.multicall", entries)
}

// xmlValues turns parameters into what kolo encodes rightly: text that XML
// cannot carry as base64, which rTorrent takes wherever it takes a string, and
// integers above 2^31-1 as decimal text, since xmlrpc-c refuses them (-503).
func xmlValues(args []any) ([]any, error) {
	values := make([]any, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case Hash:
			values[i] = string(a)
		case string:
			if XMLSafe(a) {
				values[i] = a
			} else {
				values[i] = xmlBase64([]byte(a))
			}
		case []byte:
			values[i] = xmlBase64(a)
		case int:
			values[i] = xmlInt(int64(a))
		case int64:
			values[i] = xmlInt(a)
		case bool:
			values[i] = 0
			if a {
				values[i] = 1
			}
		case []any:
			list, err := xmlValues(a)
			if err != nil {
				return nil, err
			}
			values[i] = list
		case map[string]any:
			values[i] = a
		default:
			return nil, fmt.Errorf("parameter %d has type %T", i+1, a)
		}
	}
	return values, nil
}

func xmlBase64(b []byte) xmlrpc.Base64 {
	return xmlrpc.Base64(base64.StdEncoding.EncodeToString(b))
}

func xmlInt(n int64) any {
	if n > math.MaxInt32 || n < math.MinInt32 {
		return strconv.FormatInt(n, 10)
	}
	return int(n)
}

// XMLSafe reports whether XML carries s to rTorrent and back unchanged: valid
// UTF-8 of the basic plane, no control bytes but tab and newline. (A non-BMP
// character in a parameter is fault -503; in a reply, '?' or percent escapes.)
func XMLSafe(s string) bool {
	for _, r := range s {
		switch {
		case r == '\t' || r == '\n':
		case r < 0x20, r > 0xFFFD:
			return false
		case r == utf8.RuneError:
			return false // invalid, or the replacement character itself
		}
	}
	return true
}

// decodeSmall reads a small XML-RPC reply into the value that reply points
// to, or returns its *Fault. Of what is not wanted it is still checked that it
// is a reply.
func decodeSmall(body []byte, reply any) error {
	if reply == nil {
		s := newXMLScanner(body)
		return single(s, s.skip)
	}
	r := xmlrpc.Response(sanitizeXML(body))
	if err := r.Err(); err != nil {
		var f xmlrpc.FaultError
		if errors.As(err, &f) {
			return &Fault{Code: int64(f.Code), Message: f.String}
		}
		return fmt.Errorf("%w: %v", ErrProtocol, err)
	}
	if err := r.Unmarshal(reply); err != nil {
		return fmt.Errorf("%w: %v", ErrProtocol, err)
	}
	return nil
}

type jsonRequest struct {
	Version string `json:"jsonrpc"`
	ID      int    `json:"id"`
	Method  string `json:"method"`
	Params  []any  `json:"params"`
}

// encodeJSON returns the JSON-RPC request of the calls: an object for one, a
// batch for several, with the ids 1…n.
func encodeJSON(calls []call) ([]byte, error) {
	requests := make([]jsonRequest, len(calls))
	for i, c := range calls {
		params := c.args
		if params == nil {
			params = []any{}
		}
		requests[i] = jsonRequest{Version: "2.0", ID: i + 1, Method: c.method, Params: params}
	}
	if len(requests) == 1 {
		return json.Marshal(requests[0])
	}
	return json.Marshal(requests)
}
