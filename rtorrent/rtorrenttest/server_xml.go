package rtorrenttest

import (
	"bytes"
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
	for _, r := range s {
		if r > 0xFFFF {
			return nil, badCall("4-byte supposed UTF-8 string is not valid UTF-8.  UTF-8 string contains a character not in the Basic Multilingual Plane")
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

// answerXML carries out an XML-RPC request.
func (r *run) answerXML(body []byte) []byte {
	w := &xmlWriter{dialect: r.dialect}
	if int64(len(body)) > r.sizeLimit {
		return w.refusal(badCall(fmt.Sprintf("XML-RPC request too large.  Max allowed is %d bytes", r.sizeLimit)))
	}
	method, params, err := parseXML(body)
	if err != nil {
		return w.refusal(err)
	}
	var result any
	if method == "system.multicall" {
		result, err = r.multicall(params)
	} else {
		result, err = r.call(method, params)
	}
	if err != nil {
		return w.refusal(err)
	}
	return w.result(result)
}

func badCall(why string) error {
	return same("Call XML not a proper XML-RPC call.  " + why)
}

// multicall carries out the calls of a system.multicall.
func (r *run) multicall(params []any) (any, error) {
	r.calls["system.multicall"]++
	if len(params) != 1 {
		return nil, errTooFew
	}
	entries, _ := params[0].([]any)
	results := []any{}
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		method, _ := entry["methodName"].(string)
		args, ok := entry["params"].([]any)
		switch {
		case !ok:
			return nil, &fault{-502, "No member of struct has key 'params'", "No member of struct has key 'params'"}
		case method == "system.multicall":
			return nil, &fault{-507, "Recursive system.multicall forbidden", "Recursive system.multicall forbidden"}
		}
		result, err := r.call(method, args)
		if err != nil {
			results = append(results, err)
		} else {
			results = append(results, []any{result})
		}
	}
	return results, nil
}

// An xmlWriter writes replies in one of the two layouts.
type xmlWriter struct {
	dialect dialect
	b       bytes.Buffer
}

// line writes text that xmlrpc-c ends with a line break.
func (w *xmlWriter) line(text string) {
	w.b.WriteString(text)
	if !w.dialect.tiny {
		w.b.WriteString("\r\n")
	}
}

func (w *xmlWriter) begin() {
	if w.dialect.tiny {
		w.b.WriteString(`<?xml version="1.0"?>`)
	} else {
		w.line(`<?xml version="1.0" encoding="UTF-8"?>`)
	}
	w.line("<methodResponse>")
}

func (w *xmlWriter) result(v any) []byte {
	w.begin()
	w.line("<params>")
	w.b.WriteString("<param>")
	w.value(v)
	w.line("</param>")
	w.line("</params>")
	w.line("</methodResponse>")
	return w.b.Bytes()
}

func (w *xmlWriter) refusal(err error) []byte {
	w.begin()
	w.line("<fault>")
	w.value(err)
	if !w.dialect.tiny {
		w.line("")
	}
	w.line("</fault>")
	w.line("</methodResponse>")
	return w.b.Bytes()
}

func (w *xmlWriter) value(v any) {
	w.b.WriteString("<value>")
	switch v := v.(type) {
	case string:
		w.b.WriteString("<string>")
		w.text(w.dialect.text(v))
		w.b.WriteString("</string>")
	case int64:
		w.integer("i8", v)
	case bool:
		w.b.WriteString("<boolean>1</boolean>")
	case nothing:
		w.integer(w.smallInteger(), 0)
	case error:
		code, text := w.dialect.fault(v, false)
		w.members(func() {
			w.member("faultCode", func() {
				w.b.WriteString("<value>")
				w.integer(w.smallInteger(), code)
				w.b.WriteString("</value>")
			})
			w.member("faultString", func() { w.value(text) })
		})
	case object:
		w.members(func() {
			for _, m := range v {
				w.member(m.name, func() { w.value(m.value) })
			}
		})
	case []any:
		if len(v) == 0 && w.dialect.tiny {
			w.b.WriteString("<array><data/></array>")
			break
		}
		w.line("<array><data>")
		for _, element := range v {
			w.value(element)
			w.line("")
		}
		w.b.WriteString("</data></array>")
	}
	w.b.WriteString("</value>")
}

func (w *xmlWriter) members(each func()) {
	w.line("<struct>")
	each()
	w.b.WriteString("</struct>")
}

func (w *xmlWriter) member(name string, value func()) {
	w.b.WriteString("<member><name>")
	w.text(name)
	w.line("</name>")
	value()
	w.line("</member>")
}

// smallInteger is the type of a fault's code and of a void result.
func (w *xmlWriter) smallInteger() string {
	if w.dialect.tiny {
		return "i8"
	}
	return "i4"
}

func (w *xmlWriter) integer(kind string, n int64) {
	w.b.WriteString("<" + kind + ">")
	w.b.Write(strconv.AppendInt(w.b.AvailableBuffer(), n, 10))
	w.b.WriteString("</" + kind + ">")
}

// text writes s with the three characters escaped that both libraries escape.
func (w *xmlWriter) text(s string) {
	for s != "" {
		i := strings.IndexAny(s, "&<>")
		if i < 0 {
			w.b.WriteString(s)
			return
		}
		w.b.WriteString(s[:i])
		w.b.WriteString(map[byte]string{'&': "&amp;", '<': "&lt;", '>': "&gt;"}[s[i]])
		s = s[i+1:]
	}
}
