package rtorrent

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"
)

func TestSanitizeXML(t *testing.T) {
	for in, want := range map[string]string{
		"a\x01\x07\x1bb\x00":  "a\uFFFD\uFFFD\uFFFDb\uFFFD",
		"bad\xff\xfe\xe9":     "bad\uFFFD\uFFFD\uFFFD",
		"\xed\xa0\x80":        "\uFFFD\uFFFD\uFFFD", // half a surrogate pair
		"\xc3":                "\uFFFD",
		"\uFFFE \uFFFF":       "\uFFFD \uFFFD",
		"&#x1; &#31; &#0;":    "\uFFFD \uFFFD \uFFFD",
		"&#xD800; &#x110000;": "\uFFFD \uFFFD",
		"]]>":                 "]]&gt;",
		"]]]>>":               "]]]&gt;>",
	} {
		if got := string(sanitizeXML([]byte(in))); got != want {
			t.Errorf("%q = %q, want %q", in, got, want)
		}
	}
}

func TestSanitizeXMLReturnsCleanRepliesThemselves(t *testing.T) {
	for _, clean := range []string{
		"", "a", "&amp;&lt;&#65;&#x1F600;&#xA;", "tab\t LF\n CR\r", "é 😀 \u0085 \uFFFD", "&", "&#", "]]", "]>", "&x;\x7f",
		string(xmlrpcC.single(wideTable(3))),
	} {
		in := []byte(clean)
		if got := sanitizeXML(in); unsafe.SliceData(got) != unsafe.SliceData(in) || len(got) != len(in) {
			t.Errorf("%.40q became %.40q", clean, got)
		}
	}
}

func TestSanitizeXMLLeavesItsInputAlone(t *testing.T) {
	in := []byte("a\x01b\xff]]>")
	before := bytes.Clone(in)
	sanitizeXML(in)
	if !bytes.Equal(in, before) {
		t.Errorf("the reply became %q", in)
	}
}

func FuzzSanitize(f *testing.F) {
	for _, seed := range []string{"a", "a\x01b", "bad\xff", "]]>", "&#x1;", "&amp;", "\xed\xa0\x80", "\uFFFE", "\r\n", "]\x01]>", "&\x01#1;", "<value>"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out := sanitizeXML(in)
		if again := sanitizeXML(out); !bytes.Equal(again, out) {
			t.Errorf("%q became %q, and then %q", in, out, again)
		}
		plain := !bytes.Contains(in, []byte("<!")) && !bytes.Contains(in, []byte("<?")) && !bytes.Contains(in, []byte("]]>"))
		if _, err := charData(in); err == nil && plain && !bytes.Equal(out, in) {
			t.Errorf("%q, which is XML, became %q", in, out)
		}
		// As rTorrent sends it: escaped, but with these very bytes.
		for _, layout := range []xmlLayout{xmlrpcC, tinyXML2} {
			got, err := charData(sanitizeXML(layout.single(string(in))))
			if want := asXMLText(string(in)); err != nil || strings.TrimSpace(got) != strings.TrimSpace(want) {
				t.Errorf("%q is read as %q, %v, want %q", in, got, err, want)
			}
		}
	})
}

// charData returns the text of a document as encoding/xml reads it.
func charData(document []byte) (string, error) {
	var text strings.Builder
	d := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return text.String(), nil
		}
		if err != nil {
			return "", err
		}
		if c, ok := token.(xml.CharData); ok {
			fmt.Fprintf(&text, "%s", c)
		}
	}
}

// asXMLText returns s as an XML parser must read it after the repair.
func asXMLText(s string) string {
	var b strings.Builder
	for i, r := range s {
		_, n := utf8.DecodeRuneInString(s[i:])
		invalid := r == utf8.RuneError && n == 1
		control := r < 0x20 && r != '\t' && r != '\n' && r != '\r'
		if invalid || control || r == 0xFFFE || r == 0xFFFF {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(b.String())
}
