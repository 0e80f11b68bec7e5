package rtorrent

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNetrcPassword(t *testing.T) {
	const text = `# machine box.example login no password no
machine other.example login eve password wrong
machine box.example
	login joe
	account a password hunter2
macdef init
machine macro.example login m password m

machine BOX.example login late password late
machine bare.example login only
machine here.example password # login me
`
	for _, test := range []struct {
		text, host, user, password string
		ok                         bool
	}{
		{text, "box.example", "joe", "hunter2", true},
		{text, "Box.Example", "joe", "hunter2", true},
		{text, "other.example", "eve", "wrong", true},
		{text, "bare.example", "only", "", false},
		{text, "here.example", "me", "#", true},
		{text, "macro.example", "", "", false},
		{text, "nobody.example", "", "", false},
		{text, "machine", "", "", false},
		{text + "default login any password all", "nobody.example", "any", "all", true},
		{"default login any password all " + text, "box.example", "any", "all", true},
		{"machine", "box.example", "", "", false},
		{"machine box.example login", "box.example", "", "", false},
		{"default", "box.example", "", "", false},
		{"password password login", "password", "", "", false},
	} {
		path := filepath.Join(t.TempDir(), "netrc")
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		user, password, ok := NetrcPassword(path, test.host)
		if user != test.user || password != test.password || ok != test.ok {
			t.Errorf("%s in %.20q = %q %q %v, want %q %q %v", test.host, test.text, user, password, ok, test.user, test.password, test.ok)
		}
	}
	if _, _, ok := NetrcPassword(filepath.Join(t.TempDir(), "none"), "box.example"); ok {
		t.Error("found a password in a file that is not there")
	}
}
