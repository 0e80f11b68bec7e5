package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// newKitchen mounts an rTorrent that has something for each recipe.
func newKitchen(t *testing.T, version string) *kitchen {
	t.Helper()
	k := &kitchen{home: mountDir(t), rt: rtorrenttest.Start(t, version), other: rtorrenttest.Start(t, version)}
	for _, dir := range []string{"rt", "bin", "films", "new", "cross", "export", "nas", "textfile", "drops"} {
		if err := os.Mkdir(filepath.Join(k.home, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const org, dead = "http://127.0.0.2:9/a?passkey=OLDKEY", "http://127.0.0.3:9/a"
	unregistered := rtorrenttest.NewTracker(t)
	unregistered.Fail("Unregistered torrent")
	home, downloads := k.home, k.rt.Downloads()
	sintel := map[string]int{"Sintel.mkv": 1_500_000, "Sintel.en.srt": 2000, "Sample/sintel-sample.mkv": 50_000}
	for file, metainfo := range map[string][]byte{
		"drops/debian-13.iso.torrent":    k.torrent(t, downloads, "debian-13.iso", 1<<15, map[string]int{"": 2 << 20}, org),
		"drops/Sintel 2010.torrent":      k.torrent(t, home+"/films", "Sintel 2010", 1<<15, sintel, org, dead),
		"drops/ubuntu-24.04.iso.torrent": k.torrent(t, "", "ubuntu-24.04.iso", 1<<15, map[string]int{"": 1 << 20}, dead),
		"drops/old film.torrent":         k.torrent(t, downloads, "old film", 1<<15, map[string]int{"": 100_000}, unregistered.URL),
		"drops/holiday.torrent":          k.torrent(t, downloads, "holiday", 1<<15, map[string]int{"holiday.jpg": 70_000}, dead),
		"drops/holiday again.torrent":    k.torrent(t, "", "holiday", 1<<16, map[string]int{"holiday.jpg": 70_000}, dead),
		"new/fedora.torrent":             k.torrent(t, "", "fedora", 1<<15, map[string]int{"": 50_000}, dead),
		"new/arch.torrent":               k.torrent(t, "", "arch", 1<<15, map[string]int{"": 60_000}, dead),
		"cross/Sintel.torrent":           k.torrent(t, "", "Sintel elsewhere", 1<<16, sintel, dead),
		"arriving.torrent":               k.torrent(t, k.other.Downloads(), "arriving", 1<<14, map[string]int{"": 40_000}, dead),
		"leeched.torrent":                k.torrent(t, downloads, "leeched", 1<<14, map[string]int{"": 3 << 20}, dead),
		"unwanted.torrent":               k.torrent(t, downloads, "unwanted", 1<<14, map[string]int{"": 3 << 20}, dead),
	} {
		if err := os.WriteFile(filepath.Join(k.home, file), metainfo, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	k.tool(t, "fzf", "grep -v ubuntu | head -n 1") // somebody who takes the first
	k.tool(t, "notify-send", `echo "$@" >> "$HOME/notes"`)
	k.tool(t, "rtfs", `exec "`+os.Getenv(binaryEnv)+`" "$@"`)
	k.env = append(os.Environ(), "HOME="+k.home, "PATH="+k.home+"/bin:"+os.Getenv("PATH"), "XDG_STATE_HOME=", "XDG_CONFIG_HOME=", "RTFS_SERVER="+k.rt.Endpoint(),
		"DOWNLOADS="+downloads, "OTHER="+k.other.Endpoint(), "PORT="+strconv.Itoa(k.rt.PeerPort()), "OTHERPORT="+strconv.Itoa(k.other.PeerPort()), "LC_ALL=C.UTF-8")
	cmd := command(t, "mount", k.rt.Endpoint(), filepath.Join(home, "rt"))
	cmd.Env = k.env // its state is in this home, for the recipes to find
	k.mount = start(t, cmd, "Ctrl-C unmounts")
	k.run(t, "the fixtures", `
cp ~/drops/debian* ~/drops/ubuntu* ~/drops/old* add/
cp ~/drops/Sin* ~/drops/holiday* add-stopped/
echo "$HOME/films/Sintel 2010" > 'by-name/Sintel 2010/directory'
echo start > 'by-name/Sintel 2010/state'
for h in by-name/holiday*; do await "echo check > '$h/state'"; done
await 'test $(ls by-state/seeding | wc -l) = 3'
await 'test $(cat by-name/holiday*/progress | grep -c 100.00) = 2'
echo save > rtorrent/ctl`, "")
	k.age(t, "old film")
	return k
}

// close unmounts.
func (k *kitchen) close(t *testing.T) {
	t.Helper()
	k.mount.signal(t, syscall.SIGTERM)
	if code := k.mount.wait(t); code != exitOK {
		t.Errorf("exit code of the mount = %d", code)
	}
}

var (
	uploaded = regexp.MustCompile(`14:total_uploadedi\d+e`)
	finished = regexp.MustCompile(`18:timestamp.finishedi\d+e`)
)

// age makes a torrent of some weeks ago that has given much, in the session of
// an rTorrent that is down for it.
func (k *kitchen) age(t *testing.T, name string) {
	t.Helper()
	metainfo, err := rtorrent.ParseMetainfo([]byte(read(t, k.home, "drops", name+".torrent")))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(k.rt.Session(), string(metainfo.Hash)+".torrent.rtorrent")
	rtorrenttest.Eventually(t, runBound, "the session is saved", func() bool {
		text, err := os.ReadFile(file)
		return err == nil && uploaded.Match(text)
	})
	if err := k.rt.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := uploaded.ReplaceAllString(read(t, file), "14:total_uploadedi400000e")
	text = finished.ReplaceAllString(text, "18:timestamp.finishedi1700000000e")
	if !strings.Contains(text, "i400000e") || !strings.Contains(text, "i1700000000e") {
		t.Fatalf("%s holds no such values: %q", file, text)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := k.rt.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.run(t, "after a restart", `
await 'grep -q 400000 "by-name/old film/up_total"'
await 'test $(ls by-state/seeding | wc -l) = 3'
await 'test "$(ls where/is_complete=0)" = ubuntu-24.04.iso'
await 'test $(cat "by-name/old film/time_finished") = 1700000000'
await 'ls by-message/unregistered | grep -q old'`, "")
}
