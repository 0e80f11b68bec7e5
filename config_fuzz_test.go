package main

import (
	"slices"
	"strings"
	"testing"
)

// A config file is read, or refused with the number of a line; what it refuses
// is not repeated where it could be a password.
func FuzzConfig(f *testing.F) {
	for _, s := range []string{
		"ttl = 1s\nread-only\n# c\n[home]\nserver = scgi:///x\n", "[a]\n[a]", "=", "password = hunter2", "[", "map = /a=/b", "[x]\nuid = 3",
	} {
		f.Add(s)
	}
	flags := mountFlags()
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := parseConfig("config", text)
		if err == nil {
			err = cfg.check(flags)
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), "config:") {
				t.Errorf("%v, want the line", err)
			}
			return
		}
		for _, s := range cfg.top {
			if flagNamed(flags, s.key) == nil {
				t.Errorf("%q is taken for an option", s.key)
			}
			s.text(flagNamed(flags, s.key))
		}
	})
}

// Options of mount(8) are split at commas, but for those behind a backslash:
// none is made up or lost.
func FuzzSplitOptions(f *testing.F) {
	for _, s := range []string{"ro,uid=1", `map=/a\,b=/c`, ",,", `"a,b"`, `\`, "é,\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parts := splitOptions(s)
		if !strings.Contains(s, `\`) && !slices.Equal(parts, strings.Split(s, ",")) {
			t.Errorf("%q is split into %q", s, parts)
		}
		escaped := make([]string, len(parts))
		for i, part := range parts {
			escaped[i] = strings.NewReplacer(`\`, `\\`, ",", `\,`).Replace(part)
		}
		if again := splitOptions(strings.Join(escaped, ",")); !slices.Equal(again, parts) {
			t.Errorf("%q is split into %q, and written again into %q", s, parts, again)
		}
	})
}
