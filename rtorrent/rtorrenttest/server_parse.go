package rtorrenttest

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// parseXML reads an XML-RPC request as xmlrpc-c does. The values of parameters
// are string, int64, []any and map[string]any.
func parseXML(body []byte) (method string, params []any, err error) {
	var request struct {
		XMLName xml.Name   `xml:"methodCall"`
		Method  string     `xml:"methodName"`
		Params  []xmlValue `xml:"params>param>value"`
	}
	if err := xml.Unmarshal(body, &request); err != nil {
		return "", nil, badCall("Call is not valid XML.  not well-formed")
	}
	for _, p := range request.Params {
		v, err := p.value()
		if err != nil {
			return "", nil, err
		}
		params = append(params, v)
	}
	return request.Method, params, nil
}

// An xmlValue is a value element.
type xmlValue struct {
	Text    string     `xml:",chardata"`
	String  *string    `xml:"string"`
	Base64  *string    `xml:"base64"`
	Boolean *string    `xml:"boolean"`
	Int     *string    `xml:"int"`
	I4      *string    `xml:"i4"`
	I8      *string    `xml:"i8"`
	Array   *xmlArray  `xml:"array"`
	Struct  *xmlStruct `xml:"struct"`
}

type xmlArray struct {
	Values []xmlValue `xml:"data>value"`
}

type xmlStruct struct {
	Members []struct {
		Name  string   `xml:"name"`
		Value xmlValue `xml:"value"`
	} `xml:"member"`
}

func (v *xmlValue) value() (any, error) {
	switch {
	case v.String != nil:
		return xmlText(*v.String)
	case v.Base64 != nil:
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(*v.Base64), ""))
		if err != nil {
			return nil, badCall("base64 is not valid")
		}
		return string(b), nil
	case v.Boolean != nil:
		return xmlInteger("boolean", *v.Boolean, 1)
	case v.Int != nil:
		return xmlInteger("int", *v.Int, math.MaxInt32)
	case v.I4 != nil:
		return xmlInteger("i4", *v.I4, math.MaxInt32)
	case v.I8 != nil:
		return xmlInteger("i8", *v.I8, math.MaxInt64)
	case v.Array != nil:
		values := []any{}
		for _, element := range v.Array.Values {
			value, err := element.value()
			if err != nil {
				return nil, err
			}
			values = append(values, value)
		}
		return values, nil
	case v.Struct != nil:
		members := map[string]any{}
		for _, m := range v.Struct.Members {
			value, err := m.Value.value()
			if err != nil {
				return nil, err
			}
			members[m.Name] = value
		}
		return members, nil
	}
	return xmlText(v.Text)
}

func xmlText(s string) (any, error) {
	for i, r := range s {
		if r > 0xFFFF {
			return nil, badCall(fmt.Sprintf("4-byte supposed UTF-8 string is not valid UTF-8.  UTF-8 string contains a character not in the Basic Multilingual Plane (first byte 0x%x)",
				uint32(int32(int8(s[i])))))
		}
	}
	return s, nil
}

func xmlInteger(kind, digits string, limit int64) (any, error) {
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err != nil:
		return nil, badCall(fmt.Sprintf("<%s> is not a number", kind))
	case n > limit:
		return nil, badCall(fmt.Sprintf("<%s> value %d is above the range allowed by XML-RPC (maximum is %d)", kind, n, limit))
	case n < -limit-1:
		return nil, badCall(fmt.Sprintf("<%s> value %d is below the range allowed by XML-RPC (minimum is %d)", kind, n, -limit-1))
	}
	return n, nil
}
