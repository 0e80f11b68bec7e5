package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// wantLines checks that each text is in a line of doctor's of the grade before
// its first blank, or in the advice below one.
func wantLines(t *testing.T, out string, want ...string) {
	t.Helper()
	for _, w := range want {
		grade, text, _ := strings.Cut(w, " ")
		found := false
		for line := range strings.Lines(out) {
			g, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
			found = found || g == grade && strings.Contains(rest, text)
		}
		if !found {
			t.Errorf("no line %q in\n%s", w, out)
		}
	}
}

func TestDoctorOfAGoodSetUp(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		rt, dir := rtorrenttest.Start(t, version), mountDir(t)
		r := rtfs(t, "doctor", rt.Endpoint(), dir)
		r.want(t, exitOK)
		wantLines(t, r.stdout, "ok /dev/fuse", "ok "+rt.Endpoint()+" answers", "ok rTorrent "+version, "ok session", "ok a .torrent of up to",
			"ok no erase hook", "ok 0 torrents", "ok data in "+rt.Downloads()+" can be read", "ok mountpoint "+dir, "0 problems")
		if strings.Contains(r.stdout, "→") {
			t.Errorf("there is nothing to do, and yet:\n%s", r.stdout)
		}
		startMount(t, rt.Endpoint(), dir)
		wantLines(t, rtfs(t, "doctor", rt.Endpoint(), dir).stdout, "ok an rtfs is mounted there")
		rtfs(t, "umount", dir).want(t, exitOK)
	})
}

// TestDoctorOfTheConfigFile has a server of the file that answers and one that is
// a web page for those with a password.
func TestDoctorOfTheConfigFile(t *testing.T) {
	rt, dir := rtorrenttest.Start(t, oldest()), mountDir(t)
	web, login := newFront(t)
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("geheim\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	config := writeConfig(t, "[home]\nserver = "+rt.Endpoint()+"\nmap = /gone="+rt.Downloads()+
		"\n[box]\nserver = "+strings.Replace(web.URL, "://", "://me@", 1)+"\npassword-file = "+file+"\n")
	doctor := func(args ...string) result {
		t.Helper()
		cmd := command(t, append([]string{"doctor"}, args...)...)
		cmd.Env = append(cmd.Env, config)
		return finish(t, cmd)
	}
	r := doctor("--server", "home")
	r.want(t, exitOK)
	wantLines(t, r.stdout, "ok home: server "+rt.Endpoint()+" answers")
	if strings.Contains(r.stdout, "box") {
		t.Errorf("box was not asked for:\n%s", r.stdout)
	}
	r = doctor("--timeout", "5s")
	r.want(t, exitFailure)
	wantLines(t, r.stdout, "ok home: server "+rt.Endpoint()+" answers", "problem box: server "+strings.Replace(web.URL, "://", "://me@", 1), "warning box: the password in "+file, "→ chmod 600 "+file)
	if got := login(); got != "me:geheim" {
		t.Errorf("login = %q, want that of the password file", got)
	}

	startMount(t, rt.Endpoint(), dir)
	r = doctor(dir)
	r.want(t, exitOK)
	wantLines(t, r.stdout, "ok an rtfs is mounted there", "ok server "+rt.Endpoint()+" answers")
	if strings.Contains(r.stdout, "box") {
		t.Errorf("box is not mounted there:\n%s", r.stdout)
	}
	rtfs(t, "umount", dir).want(t, exitOK)
}

func TestDoctorOfBrokenServers(t *testing.T) {
	rt, dir := rtorrenttest.Start(t, oldest()), rtorrenttest.ShortDir(t)
	stale := filepath.Join(dir, "stale.sock")
	l, err := net.Listen("unix", stale)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/closed" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, "<html>welcome</html>")
	}))
	defer web.Close()
	for _, c := range []struct{ server, problem, advice string }{
		{"", "problem $RTFS_SERVER is not set", "→ name it"},
		{"ftp://host", "problem unknown scheme", ""},
		{"scgi://" + dir + "/none.sock", "problem no such file", "→ start rTorrent"},
		{"scgi://" + stale, "problem connection refused", "→ nobody listens"},
		{"scgi://127.0.0.1:1", "problem connection refused", "→ network.scgi.open_port"},
		{web.URL, "problem not a reply of rTorrent", "→ /RPC2"},
		{web.URL + "/closed", "problem http 401", "→ --password-file"},
	} {
		r := rtfs(t, strings.Fields("doctor "+c.server)...)
		r.want(t, exitFailure)
		wantLines(t, r.stdout, c.problem)
		if c.advice != "" {
			wantLines(t, r.stdout, c.advice)
		}
	}
	if err := rt.Pause(); err != nil {
		t.Fatal(err)
	}
	r := rtfs(t, "doctor", "--timeout", "1s", rt.Endpoint())
	r.want(t, exitFailure)
	wantLines(t, r.stdout, "problem "+rt.Endpoint(), "→ whether rTorrent runs at all")
	if err := rt.Continue(); err != nil {
		t.Fatal(err)
	}
}

func TestDoctorOfBrokenData(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		rt := rtorrenttest.Start(t, version)
		c := rtorrenttest.Dial(t, rt.Endpoint())
		data, err := rtorrent.MakeMetainfo("x", []rtorrent.MakeFile{{Length: 1, Data: strings.NewReader("x")}}, 1<<14, rtorrenttest.NoTracker)
		if err != nil {
			t.Fatal(err)
		}
		m, err := rtorrent.ParseMetainfo(data)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.LoadRaw(t.Context(), data); err != nil {
			t.Fatal(err)
		}
		rtorrenttest.Eventually(t, runBound, "the torrent is loaded", func() bool {
			_, err := c.Torrent(t.Context(), m.Hash)
			return err == nil
		})
		if err := c.CallWrite(t.Context(), nil, "d.directory_base.set", string(m.Hash), "/gone/away"); err != nil {
			t.Fatal(err)
		}
		if err := c.CallWrite(t.Context(), nil, "method.set_key", "", "event.download.erased", "bad", "execute2=rm,-rf,/nope"); err != nil {
			t.Fatal(err)
		}
		r := rtfs(t, "doctor", rt.Endpoint(), rt.Downloads())
		r.want(t, exitFailure)
		wantLines(t, r.stdout, "warning execute2=rm", "→ --allow-erase-hook", "warning data of 1 torrent in /gone/away cannot be reached", "→ --map", "problem holds rTorrent's download directory")

		r = rtfs(t, "doctor", "--map", "/gone="+filepath.Dir(rt.Downloads()), rt.Endpoint())
		wantLines(t, r.stdout, "warning (rTorrent's /gone/away)")
		r = rtfs(t, "doctor", "--map", "/gone/away="+rt.Downloads(), rt.Endpoint())
		r.want(t, exitOK)
		wantLines(t, r.stdout, "ok (rTorrent's /gone/away) can be read")
	})
}

// TestDoctorOfAnUntrustedConnection has a front end that trusts nobody.
func TestDoctorOfAnUntrustedConnection(t *testing.T) {
	versions := rtorrenttest.Versions()
	rt := rtorrenttest.Start(t, versions[len(versions)-1])
	front, err := net.Listen("unix", filepath.Join(rtorrenttest.ShortDir(t), "front.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer front.Close()
	go func() {
		for {
			conn, err := front.Accept()
			if err != nil {
				return
			}
			go distrust(conn, strings.TrimPrefix(rt.Endpoint(), "scgi://"))
		}
	}()
	r := rtfs(t, "doctor", "scgi://"+front.Addr().String())
	wantLines(t, r.stdout, "→ UNTRUSTED_CONNECTION")
}

// distrust passes one request on with the header that marks it as untrusted.
func distrust(conn net.Conn, socket string) {
	defer conn.Close()
	var length []byte
	for b := make([]byte, 1); len(length) == 0 || length[len(length)-1] != ':'; length = append(length, b[0]) {
		if _, err := conn.Read(b); err != nil {
			return
		}
	}
	n, err := strconv.Atoi(string(length[:len(length)-1]))
	if err != nil {
		return
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(conn, header); err != nil {
		return
	}
	back, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer back.Close()
	header = append(header, "UNTRUSTED_CONNECTION\x001\x00"...)
	if _, err := io.WriteString(back, strconv.Itoa(len(header))+":"+string(header)); err != nil {
		return
	}
	go func() { _, _ = io.Copy(back, conn) }()
	_, _ = io.Copy(conn, back)
}

func TestDoctorOfBrokenMountpoints(t *testing.T) {
	dir := rtorrenttest.ShortDir(t)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	socket, gone := filepath.Join(dir, "rpc"), filepath.Join(dir, "rpc.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for dir, want := range map[string][]string{
		file:                       {"problem is not a directory", "→ choose a directory"},
		filepath.Join(dir, "none"): {"problem does not exist", "→ mkdir -p"},
		socket:                     {"problem is not a directory", "→ perhaps scgi://" + socket + " is meant"},
		gone:                       {"problem does not exist", "→ perhaps scgi://" + gone + " is meant"},
		"localhost:5000":           {"problem does not exist", "→ perhaps scgi://localhost:5000 is meant"},
	} {
		r := rtfs(t, "doctor", dir)
		r.want(t, exitFailure)
		wantLines(t, r.stdout, want...)
	}
	rtfs(t, "doctor", "a", "b").want(t, exitUsage, "got 2 arguments")
}

func TestDoctorOfBrokenMachines(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	defer func(was string) { helperFallback = was }(helperFallback)
	helperFallback = filepath.Join(t.TempDir(), "fusermount3")
	for _, c := range []struct {
		name  string
		m     machine
		files map[string]string
		want  []string
	}{
		{"nothing there", machine{uid: 1000}, nil, []string{"problem dev/fuse does not exist", "→ modprobe fuse", "problem fusermount3 is neither in PATH nor in /bin", "ok user_allow_other", "ok updatedb.conf"}},
		{"root needs less", machine{}, map[string]string{"dev/fuse": ""}, []string{"ok dev/fuse can be opened", "ok root needs none"}},
		{"others are let in", machine{uid: 1000, allowOther: true}, map[string]string{"etc/fuse.conf": "# user_allow_other\n"}, []string{"problem and --allow-other needs it", "→ echo user_allow_other"}},
		{"others may be let in", machine{uid: 1000}, map[string]string{"etc/fuse.conf": "user_allow_other\n"}, []string{"ok --allow-other works"}},
		{"locate walks", machine{}, map[string]string{"etc/updatedb.conf": "PRUNEFS=\"NFS fuse.sshfs\"\n"}, []string{"warning updatedb walks the mount", "→ add fuse.rtfs to PRUNEFS"}},
		{"locate cannot", machine{uid: 1000}, map[string]string{"etc/updatedb.conf": "PRUNEFS=\"NFS\"\n"}, []string{"ok cannot enter"}},
		{"locate is told", machine{}, map[string]string{"etc/updatedb.conf": "PRUNEFS = \"NFS fuse.rtfs\"\n"}, []string{"ok keeps locate out"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.m.root = t.TempDir()
			for name, text := range c.files {
				path := c.m.path(name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out bytes.Buffer
			c.m.examine(&diagnosis{out: &out})
			wantLines(t, out.String(), c.want...)
		})
	}
}

// TestDoctorMissesMtab has a fusermount3 that runs as root, if the test does; it
// is a problem by itself otherwise.
func TestDoctorMissesMtab(t *testing.T) {
	helper := filepath.Join(t.TempDir(), "fusermount3")
	if err := os.WriteFile(helper, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(helper, 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(helper))
	var out bytes.Buffer
	machine{root: t.TempDir(), uid: 1000}.examineHelper(&diagnosis{out: &out})
	want := []string{"problem does not run as root", "→ chmod u+s"}
	if os.Getuid() == 0 {
		want = []string{"problem etc/mtab does not exist", "→ ln -s /proc/self/mounts"}
	}
	wantLines(t, out.String(), want...)
}

func TestMapBetween(t *testing.T) {
	theirs := mountPoints(`1 0 0:50 / / rw - overlay overlay rw
2 1 8:1 /srv/my\040rt /downloads rw - ext4 /dev/sda1 rw
3 1 8:2 / /disk rw - xfs /dev/sdb1 rw
`)
	ours := mountPoints(`1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 8:2 / /mnt/big rw - xfs /dev/sdb1 rw
3 1 8:1 /srv /export rw - ext4 /dev/sda1 rw
`)
	for remote, want := range map[string][2]string{
		"/downloads/films": {"/downloads", "/export/my rt"},
		"/downloads":       {"/downloads", "/export/my rt"},
		"/disk/x":          {"/disk", "/mnt/big"},
		"/downloadsX":      {"/", ""}, // in the container alone
	} {
		if top, local := mapBetween(theirs, ours, remote); top != want[0] || local != want[1] {
			t.Errorf("%s: %q is %q, want %q", remote, top, local, want)
		}
	}
}

func TestMountErrorIsInWords(t *testing.T) {
	for text, want := range map[string]string{
		"mount /m: fusermount exited with code 256\n": "mount /m: fusermount3 refused it with exit code 1",
		"mount /m: no such device":                    "mount /m: no such device",
	} {
		if got := mountError(errors.New(text)).Error(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestHelperIsFoundAsMountingFindsIt has a fusermount3 that is not in PATH.
func TestHelperIsFoundAsMountingFindsIt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	defer func(was string) { helperFallback = was }(helperFallback)
	helperFallback = filepath.Join(t.TempDir(), "fusermount3")
	if err := os.WriteFile(helperFallback, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	machine{root: t.TempDir()}.examineHelper(&diagnosis{out: &out})
	wantLines(t, out.String(), "ok fusermount3 is "+helperFallback)
}
