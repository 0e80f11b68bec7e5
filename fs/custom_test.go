package fs

import (
	"os"
	"strings"
	"testing"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestCustom does at a shell what can be done with custom values.
func TestCustom(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			h := m.addTracked(t, "t", deadOne)
			m.setenv("T", "torrents/"+string(h))
			steps := []struct{ script, want string }{
				{"ls $T/custom", "1\n2\n3\n4\n5\naddtime\n"},
				{"cmp $T/custom/addtime $T/time_added && cat $T/custom/[1-5]", "\n\n\n\n\n"},
				{"stat -c %A $T/custom/1 $T/custom/addtime", "-r--r--r--\n-rw-r--r--\n"},
				{"echo 'a b' > $T/custom/kind; cat $T/custom/kind", "a b\n"},
				{"ls $T/custom", "1\n2\n3\n4\n5\naddtime\nkind\n"},
				{"echo movies > $T/custom/kind; cat $T/custom/kind", "movies\n"},
				{"printf 'one\\ntwo' > $T/custom/kind; cat $T/custom/kind", "one\ntwo\n"},
				{"cat $T/custom/kind > $T/custom/copy; cmp $T/custom/kind $T/custom/copy; wc -c < $T/custom/copy", "8\n"},
				{"cp $T/custom/kind $T/custom/copy2; cat $T/custom/copy2; ls $T/custom | wc -l", "one\ntwo\n9\n"},
				{"echo > $T/custom/copy; ls $T/custom", "1\n2\n3\n4\n5\naddtime\ncopy2\nkind\n"},
				{"echo again > $T/custom/copy; cat $T/custom/copy", "again\n"},
				{"echo x > \"$T/custom/with space%2F%25é\"; ls $T/custom | tail -1", "with space%2F%25é\n"},
				{"echo one > $T/custom/%31; cat $T/custom/1 $T/custom/%31", "\none\n"},
				{"touch $T/custom/touched; cat $T/custom/touched; ls $T/custom | grep -c touched", "\n0\n"},
				{"sed -i s/one/three/ $T/custom/kind; cat $T/custom/kind", "three\ntwo\n"},
				{"echo tv > $T/tags; echo c > $T/comment; cat $T/custom/[12]", "tv\nVRS24mrkerc\n"},
				{"for k in 1 5 '#x' 'x~' 4913; do echo x > $T/custom/$k; done 2>&1 | grep -c 'Permission denied'", "5\n"},
				{"for k in x%zz %2e 100%; do echo x > $T/custom/$k; done 2>&1 | grep -c 'Invalid argument'", "3\n"},
				{"for k in $'caf\\351' 😀 $'a\\tb' $'a\\nb'; do echo x > \"$T/custom/$k\"; done 2>&1 | grep -c 'multibyte'", "4\n"},
				{"for v in $'caf\\351' 😀 $'a\\rb' $'\\1'; do echo \"$v\" > $T/custom/kind; done 2>&1 | grep -c 'multibyte'; cat $T/custom/kind", "4\nthree\ntwo\n"},
				{"head -c 4097 /dev/zero | tr '\\0' x > $T/custom/kind; cat $T/custom/kind", "tr: write error: Invalid argument\nthree\ntwo\n"},
				{"head -c 4096 /dev/zero | tr '\\0' x > $T/custom/kind; wc -c < $T/custom/kind", "4097\n"},
				{"printf 'n1\\nn2\\n' > $T/custom/notes; echo n3 >> $T/custom/notes; { printf n4; printf ' n5\\n'; } >> $T/custom/notes; cat $T/custom/notes", "n1\nn2\nn3\nn4 n5\n"},
				{"echo first >> $T/custom/log; echo second >> $T/custom/log; cat $T/custom/log; echo > $T/custom/notes; echo > $T/custom/log", "first\nsecond\n"},
				{"echo c1 > $T/comment; echo c2 >> $T/comment; cat $T/comment; echo c > $T/comment", "c1\nc2\n"},
				{"rm $T/custom/kind $T/custom/1; mv $T/custom/kind $T/custom/other; mkdir $T/custom/d; ls $T/custom | wc -l", ""},
			}
			for _, step := range steps {
				if got, status := m.sh(t, step.script); got != step.want && step.want != "" {
					t.Errorf("%s\n got %q (exit status %d)\nwant %q", step.script, got, status, step.want)
				}
			}
			if got, want := m.read(t, "torrents", string(h), "custom", "kind"), strings.Repeat("x", 4096)+"\n"; got != want {
				t.Errorf("kind reads %.100q after rm, mv and mkdir, want it unchanged", got)
			}
			for key, want := range map[string]string{"with space/%é": "x", "1": "one", "copy": "again", "copy2": "one\ntwo", "touched": "", "4913": "", "x~": ""} {
				var got string
				if err := m.client.Call(t.Context(), &got, "d.custom", h, key); err != nil || got != want {
					t.Errorf("d.custom of %q = %q, %v; want %q", key, got, err, want)
				}
			}
			for _, field := range []string{"d.custom3", "d.custom4", "d.custom5"} {
				var got string
				if err := m.client.Call(t.Context(), &got, field, h); err != nil || got != "" {
					t.Errorf("%s = %q, %v; want it untouched", field, got, err)
				}
			}
		})
	}
}

// TestForeignCustom reads what other tools keep, and wants their bytes to stay
// through a save of what was read.
func TestForeignCustom(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			h := m.addTracked(t, "t", deadOne)
			foreign := map[string]string{
				"seedingtime": "1700000000\n", "x-filename": "a%20b.torrent", "flood.selected_size": `{"a":1}`, "tags": "a b", ".hidden": "h", "quoted": `"1"`, "dollar": "$cat=x", "sp ace": " v ",
			}
			for key, value := range foreign {
				if _, err := m.client.Do(t.Context(), h, rtorrent.SetCustom(h, key, value)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := m.client.Do(t.Context(), h, rtorrent.SetCustom(h, "odd\x01key", "odd")); err != nil {
				t.Fatal(err)
			}
			for key, value := range foreign {
				path := m.torrent(h, "custom", key)
				b, err := os.ReadFile(path)
				if err != nil || string(b) != value+"\n" {
					t.Errorf("%s reads %q, %v; want %q and a newline", key, b, err, value)
				}
				if err := writeFile(path, b); err != nil {
					t.Errorf("%s does not take what it reads: %v", key, err)
				}
				var after string
				if err := m.client.Call(t.Context(), &after, "d.custom", h, key); err != nil || after != value {
					t.Errorf("%s = %q, %v after a save of what was read; want %q", key, after, err, value)
				}
			}
			entries, err := os.ReadDir(m.torrent(h, "custom"))
			if want := 5 + 1 + len(foreign); err != nil || len(entries) != want {
				t.Errorf("%d entries, %v; want %d, without the key that cannot be addressed", len(entries), err, want)
			}
		})
	}
}

func TestCustomNames(t *testing.T) {
	for key, want := range map[string]string{
		"addtime": "addtime", "1": "%31", "5": "%35", "6": "6", "12": "12", "": "%", ".": "%2E", "a/b": "a%2Fb", "100%": "100%25",
	} {
		if got := customName(key); got != want {
			t.Errorf("customName(%q) = %q, want %q", key, got, want)
		}
		if got := unescapeName(want); got != key {
			t.Errorf("unescapeName(%q) = %q, want %q", want, got, key)
		}
	}
}
