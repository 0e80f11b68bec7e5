package rtorrenttest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

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
