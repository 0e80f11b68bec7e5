package fs

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// mountServers mounts what several clients talk to, each below its name.
func mountServers(t testing.TB, maxStale time.Duration, names []string, clients ...*rtorrent.Client) *mounted {
	t.Helper()
	dir := rtorrenttest.ShortDir(t)
	var trees []*Tree
	for i, client := range clients {
		o := Options{Server: "test", Name: names[i], Place: i + 1, Version: "test", DataUID: -1, TTL: 50 * time.Millisecond}
		if len(clients) == 1 {
			o.Name, o.Place = "", 0
		}
		trees = append(trees, New(cache.New(client, cache.Options{TTL: o.TTL, MaxStale: maxStale, Patience: maxStale}), o))
	}
	server, err := Mount(trees, dir, MountOptions{Source: "test", Direct: os.Geteuid() == 0})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if server.Unmount() != nil {
			exec.Command("fusermount3", "-uz", dir).Run()
		}
		for _, tree := range trees {
			tree.Close()
		}
	})
	return &mounted{dir: dir}
}

// TestServersInOneMount has a whole tree for each of two servers, here one of
// each version.
func TestServersInOneMount(t *testing.T) {
	versions := rtorrenttest.Versions()
	home, box := rtorrenttest.Start(t, versions[0]), rtorrenttest.Start(t, versions[1])
	m := mountServers(t, time.Second, []string{"home", "box"}, rtorrenttest.Dial(t, home.Endpoint()), rtorrenttest.Dial(t, box.Endpoint()))
	p := newPayload(t, "p", 32768, map[string]int{"": 10_000})
	at := map[string]*mounted{"home": {dir: m.path("home"), daemon: home}, "box": {dir: m.path("box"), daemon: box}}

	p.write(t, home.Downloads())
	at["home"].add(t, "add", p)
	at["home"].awaitState(t, p.hash, stateSeeding)
	if names, err := os.ReadDir(at["box"].path("torrents")); err != nil || len(names) != 0 {
		t.Errorf("what was added to home is in box: %v, %v", names, err)
	}
	for from, to := range map[string]string{
		"home/by-name/p":                             "box/erase/",
		"home/by-state/seeding/p":                    "box/by-tag/@none/",
		"home/torrents/" + string(p.hash):            "box/erase/",
		"home/torrents/" + string(p.hash) + "/state": "box/add/",
		"home": "home2",
	} {
		if said, status := m.sh(t, "mv "+from+" "+to); status == 0 || !strings.Contains(said, "Operation not permitted") {
			t.Errorf("mv %s %s: status %d, %q; want that it is not permitted", from, to, status, said)
		}
	}
	if said, _ := m.sh(t, "mkdir new; rmdir box; rm -rf box; : > new; ls"); !strings.HasSuffix(said, "\nbox\nhome\n") {
		t.Errorf("after deleting: %s, want the two servers", said)
	}

	for name, tree := range at {
		metrics := tree.read(t, "metrics")
		checkMetrics(t, metrics)
		for l := range strings.Lines(metrics) {
			if !strings.HasPrefix(l, "#") && !strings.Contains(l, `{server="`+name+`"`) {
				t.Errorf("%s/metrics has a sample without its server: %s", name, l)
			}
		}
	}

	// One torrent in both has two places, and two inodes.
	at["box"].add(t, "add-stopped", p)
	at["box"].awaitState(t, p.hash, stateStopped)
	at["home"].awaitState(t, p.hash, stateSeeding)
	said, _ := m.sh(t, "stat -c %i . home box */README */add */torrents/* */torrents/*/* */by-name/p | sort | uniq -d")
	if said != "" {
		t.Errorf("inode numbers of two entries: %q, want none", said)
	}
	if got := m.read(t, "box", "rtorrent", "version"); !strings.HasPrefix(got, versions[1]) {
		t.Errorf("box/rtorrent/version = %q, want %s", got, versions[1])
	}

	// Each fails alone, and says so.
	if err := box.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	rtorrenttest.Eventually(t, 30*time.Second, "box is away, by its health", func() bool {
		_, err := os.ReadFile(at["box"].path("list.tsv"))
		health := m.read(t, "box", "health")
		return errors.Is(err, syscall.ECONNREFUSED) && strings.Contains(health, "name: box\n") && strings.Contains(health, "connected: 0\n")
	})
	if health := m.read(t, "home", "health"); !strings.Contains(health, "name: home\n") || !strings.Contains(health, "connected: 1\n") {
		t.Errorf("health of home = %q, want its name and that it is connected", health)
	}
	at["home"].awaitState(t, p.hash, stateSeeding)
}

// TestServersNeverWaitForEachOther has many processes wait for a server that
// takes calls and answers none, while another is read and written.
func TestServersNeverWaitForEachOther(t *testing.T) {
	home, box := rtorrenttest.NewServer(t, rtorrenttest.ServerOptions{}), rtorrenttest.NewServer(t, rtorrenttest.ServerOptions{})
	home.Fill(20)
	box.Freeze()
	defer box.Thaw()
	m := mountServers(t, 10*time.Minute, []string{"home", "box"},
		rtorrenttest.Dial(t, home.Endpoint()),
		dial(t, box.Endpoint(), rtorrent.Options{Timeout: 10 * time.Minute}))
	waiting := exec.Command("sh", "-c", `cd "$0" || exit
		for i in $(seq 25); do cat box/list.tsv & ls box/by-name & cat box/rtorrent/version & cp /etc/passwd box/add/x$i.torrent & done; wait`, m.dir)
	var said bytes.Buffer
	waiting.Stdout, waiting.Stderr = &said, &said
	if err := waiting.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- waiting.Wait() }()
	rtorrenttest.Eventually(t, time.Minute, "calls to box wait", func() bool { return box.Waiting() > 0 })

	out, status := m.sh(t, `set -e
		for i in 1 2 3 4 5; do
			test $(ls home/torrents | wc -l) = 20
			test $(wc -l < home/list.tsv) = 21
			for t in home/torrents/*; do echo tag$i > $t/tags; test $(cat $t/tags) = tag$i; done
			cat home/health home/rtorrent/version home/files.tsv box/health box/README >/dev/null
		done; echo whole`)
	if out != "whole\n" || status != 0 {
		t.Errorf("home beside a box that hangs: %q, status %d", out, status)
	}
	select {
	case <-ended:
		t.Error("nothing waited for box in the meantime")
	default:
	}
	box.Thaw()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("box answers again, and still its readers wait")
	}
}
