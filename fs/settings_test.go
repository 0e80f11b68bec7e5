package fs

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// settingFiles returns the paths of all files below settings/.
func settingFiles(t *testing.T, m *mounted) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(m.path("rtorrent", "settings"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestReadingSettingsChangesNothing reads all settings, and compares the
// session's files and the settings themselves with what they were before.
func TestReadingSettingsChangesNothing(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			p := newPayload(t, "p", 32768, map[string]int{"": 70_000})
			p.write(t, m.daemon.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			session := settledSums(t, m.daemon.Session())
			options := optionValues(t, m.client)
			calls := m.client.Stats().Calls
			files := settingFiles(t, m)
			for _, path := range files {
				content, err := os.ReadFile(path)
				if err != nil {
					t.Errorf("%s: %v", path, err)
				}
				if !bytes.HasSuffix(content, []byte("\n")) {
					t.Errorf("%s = %q, without a newline", path, content)
				}
			}
			if len(files) < 60 {
				t.Errorf("%d settings, want those of rTorrent", len(files))
			}
			if calls := m.client.Stats().Calls - calls; calls > 20 {
				t.Errorf("%d calls for %d settings", calls, len(files))
			}
			if after := sessionSums(t, m.daemon.Session()); !slices.Equal(after, session) {
				t.Errorf("the session changed:\n got %q\nwant %q", after, session)
			}
			if after := optionValues(t, m.client); !slices.Equal(after, options) {
				t.Errorf("the options changed:\n got %q\nwant %q", after, options)
			}
		})
	}
}

// settledSums is sessionSums when rTorrent has saved what it was about to save:
// 0.16 does so beside its answers.
func settledSums(t *testing.T, session string) []string {
	t.Helper()
	var sums []string
	same := 0
	rtorrenttest.Eventually(t, 30*time.Second, "the session stays as it is for 100 looks", func() bool {
		now := sessionSums(t, session)
		if same++; !slices.Equal(now, sums) {
			sums, same = now, 0
		}
		return same >= 100
	})
	return sums
}

// sessionSums returns a line with name and checksum for each file of a session.
func sessionSums(t *testing.T, session string) []string {
	t.Helper()
	entries, err := os.ReadDir(session)
	if err != nil {
		t.Fatal(err)
	}
	var sums []string
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(session, e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // one that has just become another
		}
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, fmt.Sprintf("%s %x", e.Name(), sha1.Sum(content)))
	}
	return sums
}

// optionValues asks rTorrent itself for all that has a setter and belongs to
// no torrent, also what settings/ leaves out.
func optionValues(t *testing.T, client *rtorrent.Client) []string {
	t.Helper()
	caps, err := client.Caps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, name := range caps.Commands {
		namespace, _, _ := strings.Cut(name, ".")
		if !caps.Has(name+".set") || slices.Contains([]string{"d", "f", "p", "t", "choke_group"}, namespace) {
			continue
		}
		var value any
		if err := client.Call(t.Context(), &value, name, ""); err != nil {
			t.Fatal(err)
		}
		values = append(values, fmt.Sprintf("%s=%v", name, value))
	}
	return values
}

// TestSettingsTakeWhatTheyShow writes every setting's own value: it is
// accepted, or the file is read-only.
func TestSettingsTakeWhatTheyShow(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			options := optionValues(t, m.client)
			fixed := 0
			for _, path := range settingFiles(t, m) {
				info, err := os.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				content, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				err = writeFile(path, content)
				switch {
				case info.Mode().Perm() == 0o444:
					fixed++
					if err == nil {
						t.Errorf("%s is read-only and takes %q", path, content)
					}
				case err != nil:
					t.Errorf("%s does not take its own value %q: %v", path, content, err)
				}
			}
			if fixed == 0 {
				t.Error("nothing is read-only")
			}
			for _, name := range []string{"session/path", "session/name", "system/cwd", "system/daemon", "network/xmlrpc/size_limit", "network/scgi/dont_route"} {
				if info, err := os.Stat(m.path("rtorrent", "settings", name)); err != nil || info.Mode().Perm() != 0o444 {
					t.Errorf("%s: %v, %v; want it read-only", name, info, err)
				}
			}
			if after := optionValues(t, m.client); !slices.Equal(after, options) {
				t.Errorf("the options changed:\n got %q\nwant %q", after, options)
			}
		})
	}
}

// TestSettings writes settings of every kind, and what must be refused.
func TestSettings(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			steps := []struct{ script, want string }{
				{"cat throttle/max_peers/normal; echo 77 > throttle/max_peers/normal; cat throttle/max_peers/normal", "200\n77\n"},
				{"echo 65536 > throttle/max_peers/normal; cat throttle/max_peers/normal", "65536\n"},
				{"echo -1 > throttle/max_peers/seed; cat throttle/max_peers/seed", "-1\n"},
				{"ls throttle/max_uploads; cat throttle/max_uploads/value; echo 60 > throttle/max_uploads/value; cat throttle/max_uploads/value", "div\nglobal\nvalue\n50\n60\n"},
				{"echo 123456 > throttle/global_up/max_rate; cat throttle/global_up/max_rate ../up_limit", "122880\n122880\n"},
				{"echo 3G > pieces/memory/max; cat pieces/memory/max", "3221225472\n"},
				// rTorrent would keep 0, and is given back what it had.
				{"echo 4G 2>/dev/null >pieces/preload/min_size; cat pieces/preload/min_size", "262144\n"},
				{"cat ratio/max; echo 250 > ratio/max; cat ratio/max group/seeding/ratio/max", "300\n250\n250\n"},
				{"echo 260 > group/seeding/ratio/max; cat ratio/max", "260\n"},
				{"echo 1M > group/seeding/ratio/upload; cat group/seeding/ratio/upload", "1048576\n"},
				{"cat group/seeding/view; echo main > group/seeding/view; cat group/seeding/view", "seeding\nmain\n"},
				{"mkdir /tmp/x$$; echo /tmp/x$$ > directory/default; test $(cat directory/default) = /tmp/x$$; echo $?; rmdir /tmp/x$$", "0\n"},
				{"echo 'Grüße/.$x;\"' | sed s,^,/, > directory/default; cat directory/default", "/Grüße/.$x;\"\n"},
				{"cat file/prioritize_toc/first; printf '*.a\\n*.b\\n' > file/prioritize_toc/first; cat file/prioritize_toc/first", "*.avi\n*.mp4\n*.mkv\n*.gz\n*.a\n*.b\n"},
				{"echo '*.c' >> file/prioritize_toc/first; cat file/prioritize_toc/first; echo > file/prioritize_toc/first; cat file/prioritize_toc/first", "*.a\n*.b\n*.c\n\n"},
				{"f=network/bind_address; test -d $f && f=$f/value; echo 127.0.0.2 > $f; cat $f", "127.0.0.2\n"},
				{"cat protocol/connection/leech protocol/connection/seed", "leech\nseed\n"},
			}
			for _, step := range steps {
				got, status := m.sh(t, "cd rtorrent/settings; "+step.script)
				if got != step.want {
					t.Errorf("%s\n got %q (exit status %d)\nwant %q\n%s", step.script, got, status, step.want, m.read(t, "log"))
				}
			}
			for _, tc := range []struct{ script, message string }{
				{"echo 65537 > throttle/max_peers/normal", "Invalid argument"},
				{"echo -1 > throttle/max_uploads/value", "Invalid argument"},
				{"echo 5000000000 > throttle/max_downloads/global", "Invalid argument"},
				{"echo 5000000000 > throttle/global_up/max_rate", "Invalid argument"},
				{"echo 5000000000 > network/send_buffer/size", "Invalid argument"},
				{"echo 0 > system/file/split_size", "Invalid argument"},
				{"echo 0 > pieces/memory/max", "Invalid argument"},
				{"echo 7 > pieces/hash/on_completion", "Invalid argument"},
				{"echo x > throttle/max_peers/normal", "Invalid argument"},
				{"echo > throttle/max_peers/normal", "Invalid argument"},
				{"echo relative > directory/default", "Invalid argument"},
				{"echo > directory/default", "Invalid argument"},
				{"printf '/a\\r\\n' > directory/default", "Invalid or incomplete multibyte"},
				{"printf '/a\\n/b\\n' | cat > directory/default", "Invalid argument"},
				{"echo abc > network/port_range", "Invalid argument"},
				{"echo 6999-6881 > network/port_range", "Invalid argument"},
				{"echo initial_seed > protocol/connection/seed", "Invalid argument"},
				{"echo x > protocol/choke_heuristics/up/leech", "Invalid argument"},
				{"f=network/local_address; test -d $f && f=$f/value; echo localhost > $f", "Invalid argument"},
				{"echo 1 > network/xmlrpc/size_limit", "Permission denied"},
				{"echo /tmp > session/path", "Permission denied"},
				{"cat execute", "No such file"},
				{"cat d/priority", "No such file"},
				{"ls method log schedule", "No such file"},
				{"rm throttle/max_peers/normal", "Operation not permitted"},
				{"mkdir x", "Operation not permitted"},
				{"echo 1 > throttle/max_peers/x", "Permission denied"},
			} {
				if out, status := m.sh(t, "cd rtorrent/settings; "+tc.script); status == 0 || !strings.Contains(out, tc.message) {
					t.Errorf("%s: exit status %d, %q; want 1 and %q", tc.script, status, out, tc.message)
				}
			}
			m.sh(t, "cd rtorrent/settings; echo 4 > throttle/max_peers/normal")
			if out, _ := m.sh(t, "cd rtorrent/settings; cat throttle/max_peers/normal; sed -i s/4/5/ throttle/max_peers/normal; cat throttle/max_peers/normal"); out != "4\n5\n" {
				t.Errorf("sed -i: %q, want 4 and 5", out)
			}
		})
	}
}
