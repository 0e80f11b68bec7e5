package fs

import (
	"os"
	"strings"
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

// TestShellSession does at a shell what the README says.
func TestShellSession(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountDaemon(t, version)
			one := newPayload(t, "one file.bin", 32768, map[string]int{"": 300_000})
			many := newPayload(t, "many", 32768, map[string]int{"a.txt": 1000, "sub dir/b.bin": 100_000, "empty": 0})
			one.write(t, m.daemon.Downloads())
			many.write(t, m.daemon.Downloads())
			for _, p := range []*payload{one, many} {
				if out, status := m.sh(t, "cp '"+p.file(t)+"' add/"); status != 0 {
					t.Fatalf("cp into add/: exit status %d: %s\n%s", status, out, m.read(t, "add", "log"))
				}
				m.awaitState(t, p.hash, stateSeeding)
			}
			m.setenv("ONE", string(one.hash))
			m.setenv("MANY", string(many.hash))
			steps := []struct{ script, want string }{
				{"ls torrents | wc -l", "2\n"},
				{"cat torrents/$ONE/name 'by-name/one file.bin/hash'", "one file.bin\n" + string(one.hash) + "\n"},
				{"readlink by-name/many", "../torrents/" + string(many.hash) + "\n"},
				{"ls by-state/seeding", "many\none file.bin\n"},
				{"readlink torrents/$(echo $ONE | tr A-F a-f)", string(one.hash) + "\n"},
				{"cat by-name/$MANY/size", "101000\n"},
				{"grep -rl seeding torrents/*/state | wc -l", "2\n"},
				{"echo stop > torrents/$ONE/state; cat torrents/$ONE/state", "stopped\n"},
				{"ls by-state/stopped", "one file.bin\n"},
				{"echo start | tee torrents/$ONE/state", "start\n"},
				{"printf 'tv\\nhd\\n' > torrents/$ONE/tags; echo new >> torrents/$ONE/tags; cat torrents/$ONE/tags", "tv\nhd\nnew\n"},
				{"echo tv >> torrents/$ONE/tags; cat torrents/$ONE/tags", "tv\nhd\nnew\n"},
				{": > torrents/$ONE/tags; cat torrents/$ONE/tags | wc -l", "3\n"},
				{"echo > torrents/$ONE/tags; cat torrents/$ONE/tags", "\n"},
				{"echo high > torrents/$ONE/priority; cat torrents/$ONE/priority", "3\n"},
				{"printf 1 > torrents/$ONE/priority; cat torrents/$ONE/priority", "1\n"},
				{"echo 'Grüße 😀' > torrents/$ONE/comment; cat torrents/$ONE/comment", "Grüße 😀\n"},
				{"cat torrents/$ONE/comment > torrents/$MANY/comment; cat torrents/$MANY/comment", "Grüße 😀\n"},
				{"cut -f2,3 list.tsv", "name\tsize\none file.bin\t300000\nmany\t101000\n"},
				{"cat list/size,name; cat list/name,none 2>&1; ls list; grep -c none log", "size\tname\n300000\tone file.bin\n101000\tmany\ncat: list/name,none: Invalid argument\nsize,name\n1\n"},
				{"python3 -c 'import json; d=json.load(open(\"by-name/many/info.json\")); print(d[\"size\"], d[\"is_complete\"], d[\"tags\"])'", "101000 True []\n"},
				{"find torrents/$MANY/files -type f | sort | sed 's/.*files.//'", "a.txt\nempty\nsub dir/b.bin\n"},
				{"stat -c '%s %b' 'torrents/'$MANY'/files/sub dir/b.bin'", "100000 196\n"},
				{"test -d add && test -w by-name/many/state && ! test -s torrents/$MANY/files/empty && echo yes", "yes\n"},
				{"cat torrents/$ONE/ctl; echo save > torrents/$ONE/ctl; echo $?", "announce\nscrape\nsave\nerase\n0\n"},
				{"mv 'by-name/one file.bin' erase/ && ls torrents by-name", "by-name:\nmany\n\ntorrents:\n" + string(many.hash) + "\n"},
				{"echo erase > torrents/$MANY/ctl; ls torrents | wc -l", "0\n"},
			}
			for _, step := range steps {
				if got, status := m.sh(t, step.script); got != step.want {
					t.Errorf("%s\n got %q (exit status %d)\nwant %q", step.script, got, status, step.want)
				}
			}
			for _, p := range []*payload{one, many} {
				for _, f := range p.files {
					path := m.daemon.Downloads() + "/" + strings.Join(append([]string{p.name}, f.path...), "/")
					if got, err := os.ReadFile(path); err != nil || string(got) != string(f.data) {
						t.Errorf("%s has changed: %v", path, err)
					}
				}
			}
		})
	}
}

// TestRefusals writes what is wrong, and wants the errno and nothing changed.
func TestRefusals(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountDaemon(t, version)
			p := newPayload(t, "p", 32768, map[string]int{"": 70_000})
			m.add(t, "add-stopped", p)
			m.setenv("T", "torrents/"+string(p.hash))
			before := m.read(t, "torrents", string(p.hash), "info")
			cases := []struct{ script, message string }{
				{"echo bad > $T/state", "Invalid argument"},
				{"echo pause > $T/state", "Invalid argument"},
				{"echo seeding > $T/state", "Invalid argument"},
				{"printf 'stop\\nstart\\n' | cat > $T/state", "Invalid argument"},
				{"echo 9 > $T/priority", "Invalid argument"},
				{"echo -1 > $T/priority", "Invalid argument"},
				{"echo hi | /usr/bin/tee $T/priority", "Invalid argument"},
				{"echo > $T/priority", "Invalid argument"},
				{"echo relative > $T/directory", "Invalid argument"},
				{"printf '/x\\r' > $T/directory", "Invalid or incomplete multibyte"},
				{"printf '/caf\\351' > $T/directory", "Invalid or incomplete multibyte"},
				{"head -c 5000 /dev/zero | tr '\\0' x > $T/tags", "Invalid argument"},
				{"head -c 70000 /dev/zero | tr '\\0' x > $T/comment", ""},
				{"echo x > $T/name", "Permission denied"},
				{"echo stop > $T/State", "Permission denied"},
				{"echo bad > $T/ctl", "Invalid argument"},
				{"echo x > log", "Permission denied"},
				{"mkdir x", "Operation not permitted"},
				{"mkdir torrents/x", "Operation not permitted"},
				{"ln -s x y", "Operation not permitted"},
				{"rm $T/state", "Operation not permitted"},
				{"rmdir $T", "Operation not permitted"},
				{"rmdir torrents", "Operation not permitted"},
				{"mv $T/state $T/x", "Operation not permitted"},
				{"mv $T by-name/", "cannot"},
				{"mv $T erase/other", "cannot move"},
				{"mv README erase/", "Operation not permitted"},
				{"mv by-name/p by-name/q", "Operation not permitted"},
				{"truncate -s 5 $T/name", "Permission denied"},
				{"echo x > $T/files/p", "Permission denied"},
				{"rm $T/files/p", "Operation not permitted"},
				{"chmod 666 $T/files/p", "Operation not permitted"},
				{"cat $T/files/p", "No data available"},
				{"cat torrents/0000000000000000000000000000000000000000/name", "No such file"},
				{"cat by-name/none", "No such file"},
			}
			for _, tc := range cases {
				out, status := m.sh(t, tc.script)
				if status == 0 || !strings.Contains(out, tc.message) {
					t.Errorf("%s: exit status %d, %q; want 1 and %q", tc.script, status, out, tc.message)
				}
			}
			if after := m.read(t, "torrents", string(p.hash), "info"); after != before {
				t.Errorf("something changed:\n got %.2000s\nwant %s", after, before)
			}
		})
	}
}
