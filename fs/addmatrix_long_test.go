//go:build long

package fs

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

// A dropProgram is one way to put a file into add/. $SRC is the file, $URL
// leads to it, $DIR is a folder that holds it alone, $TO is where it goes.
type dropProgram struct {
	name, needs, script string
	// silent says that the program has no way to tell of a failing close(2):
	// the log does.
	silent bool
	tagged bool // it makes a tag of the folder
	// byHand does it in a file manager, in place of a script.
	byHand bool
}

var dropPrograms = []dropProgram{
	{name: "cp", needs: "cp", script: `cp "$SRC" "$TO/"`},
	{name: "cp -p", needs: "cp", script: `cp -p "$SRC" "$TO/"`},
	{name: "cp -a", needs: "cp", script: `cp -a "$SRC" "$TO/"`},
	{name: "cp -r of a directory", needs: "cp", script: `cp -r "$DIR" "$TO/"`, tagged: true},
	{name: "mv", needs: "mv", script: `mv "$SRC" "$TO/"`},
	{name: "mv of a directory", needs: "mv", script: `mv "$DIR" "$TO/"`, tagged: true},
	{name: "install", needs: "install", script: `install -m 644 "$SRC" "$TO/"`},
	{name: "dd", needs: "dd", script: `dd if="$SRC" of="$TO/x.torrent" bs=100 status=none`},
	{name: "tee", needs: "tee", script: `tee "$TO/x.torrent" < "$SRC" > /dev/null`},
	{name: "cat >", needs: "cat", script: `cat "$SRC" > "$TO/x.torrent"`},
	{name: "rsync", needs: "rsync", script: `rsync "$SRC" "$TO/"`},
	{name: "rsync -a", needs: "rsync", script: `rsync -a "$SRC" "$TO/"`},
	{name: "rsync --inplace", needs: "rsync", script: `rsync --inplace "$SRC" "$TO/"`},
	{name: "rsync -r of a directory", needs: "rsync", script: `rsync -r "$DIR" "$TO/"`, tagged: true},
	{name: "curl -o", needs: "curl", script: `curl -sS -o "$TO/x.torrent" "$URL"`},
	{name: "curl -OR", needs: "curl", script: `cd "$TO" && curl -sS -OR "$URL"`},
	{name: "wget", needs: "wget", script: `cd "$TO" && wget -q "$URL"`},
	{name: "gio copy", needs: "gio", script: `gio copy "$SRC" "$TO/"`},
	{name: "gio move", needs: "gio", script: `gio move "$SRC" "$TO/"`},
	{name: "shutil.copy", needs: "python3", script: `python3 -c 'import shutil,sys; shutil.copy(sys.argv[1], sys.argv[2])' "$SRC" "$TO"`},
	{name: "shutil.copy2", needs: "python3", script: `python3 -c 'import shutil,sys; shutil.copy2(sys.argv[1], sys.argv[2])' "$SRC" "$TO"`},
	{name: "shutil.move", needs: "python3", script: `python3 -c 'import shutil,sys; shutil.move(sys.argv[1], sys.argv[2])' "$SRC" "$TO"`},
	{name: "open().write() of Python", needs: "python3", script: `python3 -c 'import sys; open(sys.argv[2] + "/x.torrent", "wb").write(open(sys.argv[1], "rb").read())' "$SRC" "$TO"`, silent: true},
	{name: "with open() of Python", needs: "python3", script: `python3 -c 'import sys
with open(sys.argv[2] + "/x.torrent", "wb") as f: f.write(open(sys.argv[1], "rb").read())' "$SRC" "$TO"`},
	{name: "tar -x", needs: "tar", script: `tar -C "$DIR" -c . | tar -x -C "$TO" --no-overwrite-dir`},
	{name: "unzip", needs: "unzip", script: `python3 -c 'import zipfile,sys,os; zipfile.ZipFile(sys.argv[1], "w").write(sys.argv[2], "x.torrent")' "$TMP/x.zip" "$SRC" && unzip -q "$TMP/x.zip" -d "$TO"`},
	{name: "busybox cp", needs: "busybox", script: `busybox cp "$SRC" "$TO/"`},
	{name: ".part, then its name", needs: "mv", script: `: > "$TO/b.torrent" && cat "$SRC" > "$TO/b.torrent.part" && mv "$TO/b.torrent.part" "$TO/b.torrent"`},
	{name: ".crdownload, then its name", needs: "mv", script: `cat "$SRC" > "$TO/1.crdownload" && mv -n "$TO/1.crdownload" "$TO/b.torrent"`},
	{name: "over a placeholder", needs: "touch", script: `touch "$TO/c.torrent" && cp "$SRC" "$TO/c.torrent"`},
	{name: "vim", needs: "vim", script: `vim -u NONE -es -b -c "w! $TO/x.torrent" -c 'q!' "$SRC"`},
	{name: "kioclient", needs: "kioclient5", script: `export XDG_RUNTIME_DIR="$TMP" QT_QPA_PLATFORM=offscreen QT_LOGGING_RULES='*=false'; kioclient5 --noninteractive copy "file://$SRC" "file://$PWD/$TO/"`},
	{name: "kioclient move", needs: "kioclient5", script: `export XDG_RUNTIME_DIR="$TMP" QT_QPA_PLATFORM=offscreen QT_LOGGING_RULES='*=false'; kioclient5 --noninteractive move "file://$SRC" "file://$PWD/$TO/"`},
	{name: "Thunar, copy and paste", needs: "thunar", byHand: true},
}

// TestDropMatrix has each program drop a torrent into add/ and add-stopped/,
// and a file that is none, and prints what became of them as a table.
func TestDropMatrix(t *testing.T) {
	table := "| program |"
	for _, version := range rtorrenttest.Versions() {
		table += " started, " + version + " | stopped, " + version + " | refused, " + version + " |"
	}
	table += "\n|---|" + strings.Repeat("---|---|---|", len(rtorrenttest.Versions())) + "\n"
	cells := map[string]string{}
	d := newDesktop(t)
	for _, version := range rtorrenttest.Versions() {
		m := mountDaemon(t, version)
		for _, p := range dropPrograms {
			if _, err := exec.LookPath(p.needs); err != nil {
				cells[p.name] += " not here | not here | not here |"
				t.Errorf("%s: %v: make test-long installs it", p.name, err)
				continue
			}
			for _, to := range []string{"add", "add-stopped"} {
				cells[p.name] += " " + dropOnce(t, d, m, version, p, to) + " |"
			}
			cells[p.name] += " " + dropRefused(t, d, m, p) + " |"
		}
	}
	for _, p := range dropPrograms {
		table += "| " + p.name + " |" + cells[p.name] + "\n"
	}
	t.Log("\n" + table)
	if path := os.Getenv("RTFS_MATRIX"); path != "" {
		if err := os.WriteFile(path, []byte(table), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// run has the program drop what was staged in a folder.
func (p dropProgram) run(t *testing.T, d *desktop, m *mounted, dir, to string) (output string, status int) {
	t.Helper()
	if !p.byHand {
		return m.sh(t, p.script)
	}
	before := m.read(t, to, "log")
	if dialogs := d.paste(dir, m.path(to), func() bool { return m.read(t, to, "log") != before }); len(dialogs) > 0 {
		return fmt.Sprintf("%q", dialogs), 1
	}
	return "", 0
}

// stage puts a file where the program finds it, by path and by URL, and returns
// the folder that it is in.
func stage(t *testing.T, m *mounted, content []byte, name, to string) string {
	t.Helper()
	tmp := t.TempDir()
	dir := filepath.Join(tmp, "folder "+name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	src := filepath.Join(dir, "x.torrent")
	if err := os.WriteFile(src, content, 0o644); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(web.Close)
	m.env = []string{"SRC=" + src, "DIR=" + dir, "TMP=" + tmp, "TO=" + to, "URL=" + web.URL + "/x.torrent", "LC_ALL=C"}
	return dir
}

// dropOnce wants one torrent loaded, as asked, without a message.
func dropOnce(t *testing.T, d *desktop, m *mounted, version string, p dropProgram, to string) string {
	t.Helper()
	payload := newPayload(t, version+" "+to+" "+p.name, piece, map[string]int{"": 5000})
	payload.write(t, m.daemon.Downloads())
	src := stage(t, m, payload.torrent, fmt.Sprint(version, to, len(p.name)), to)
	out, status := p.run(t, d, m, src, to)
	log := m.read(t, to, "log")
	want := stateSeeding
	if to == "add-stopped" {
		want = stateStopped
	}
	switch loads := strings.Count(log, "\tOK\t"+string(payload.hash)); {
	case status != 0 || out != "":
		t.Errorf("%s: %s: exit status %d, %q\n%s", to, p.name, status, out, log)
		return fmt.Sprintf("exit status %d", status)
	case loads != 1:
		t.Errorf("%s: %s: loaded %d times\n%s", to, p.name, loads, log)
		return fmt.Sprintf("%d times", loads)
	}
	m.awaitState(t, payload.hash, want)
	if tags := m.read(t, "torrents", string(payload.hash), "tags"); p.tagged != (tags != "\n") {
		t.Errorf("%s: %s: tags = %q", to, p.name, tags)
	}
	for _, to := range []string{"add", "add-stopped"} {
		m.sh(t, "rm -f "+to+"/*.torrent")
	}
	return "once"
}

// dropRefused wants a file that is no torrent refused by the program's own
// exit status, or, where it looks at no close(2), by the log.
func dropRefused(t *testing.T, d *desktop, m *mounted, p dropProgram) string {
	t.Helper()
	src := stage(t, m, []byte("this is no torrent\n"), "refused", "add-stopped")
	before := strings.Count(m.read(t, "add-stopped", "log"), "\tEINVAL\t")
	_, status := p.run(t, d, m, src, "add-stopped")
	after := strings.Count(m.read(t, "add-stopped", "log"), "\tEINVAL\t")
	m.sh(t, "rm -rf add-stopped/*.torrent* add-stopped/folder*; rmdir add-stopped/folder*")
	switch {
	case after == before:
		t.Errorf("%s: a refused file has no line in the log", p.name)
		return "nowhere"
	case status != 0:
		return "program and log"
	}
	if !p.silent {
		t.Logf("%s does not tell of a refused file", p.name)
	}
	return "log"
}
