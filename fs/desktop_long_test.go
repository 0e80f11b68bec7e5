//go:build long

package fs

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent/rtorrenttest"
)

// A desktop is an X server that shows itself to nobody, with a window manager,
// a session bus and a file manager, Thunar.
type desktop struct {
	t       *testing.T
	env     []string
	display string
	shots   string // where screenshots go, "" nowhere
}

// newDesktop starts a desktop, which ends with the test.
func newDesktop(t *testing.T) *desktop {
	t.Helper()
	home := t.TempDir()
	d := &desktop{t: t, shots: os.Getenv("RTFS_SCREENSHOTS")}
	d.env = append(os.Environ(), "HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_CONFIG_HOME="+home+"/.config", "XDG_CACHE_HOME="+home+"/.cache",
		"XDG_DATA_HOME="+home+"/.local/share", "LC_ALL=C.UTF-8", "NO_AT_BRIDGE=1", "GIO_USE_VFS=local", "GSETTINGS_BACKEND=memory", "GDK_BACKEND=x11")
	settings := filepath.Join(home, ".config/xfce4/xfconf/xfce-perchannel-xml")
	if err := os.MkdirAll(settings, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(settings, "thunar.xml"), []byte(thunarSettings), 0o644); err != nil {
		t.Fatal(err)
	}
	d.display = ":" + d.start("Xvfb", "-displayfd", "1", "-screen", "0", "1000x640x24", "-nolisten", "tcp")
	d.env = append(d.env, "DISPLAY="+d.display)
	d.env = append(d.env, "DBUS_SESSION_BUS_ADDRESS="+d.start("dbus-daemon", "--session", "--nofork", "--print-address=1"))
	d.start("openbox", "--sm-disable")
	d.start("thunar", "--daemon")
	// A second one that comes before the first has its name on the bus serves
	// itself, and does not end.
	rtorrenttest.Eventually(t, time.Minute, "the file manager is on the bus", func() bool {
		out, err := d.run("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus", "--object-path", "/org/freedesktop/DBus",
			"--method", "org.freedesktop.DBus.NameHasOwner", "org.xfce.FileManager")
		return err == nil && out == "(true,)"
	})
	return d
}

// thunarSettings leave of a window what is in the folder.
const thunarSettings = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="thunar" version="1.0">
  <property name="last-side-pane" type="string" value="void"/>
  <property name="last-menubar-visible" type="bool" value="false"/>
  <property name="last-view" type="string" value="ThunarIconView"/>
  <property name="misc-single-click" type="bool" value="false"/>
</channel>
`

// start starts a program that goes on until the test ends. Of one that is told
// to print on descriptor 1 it returns the first line.
func (d *desktop) start(name string, args ...string) (line string) {
	d.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = d.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		d.t.Fatalf("%s: %v: make test-long installs it", name, err)
	}
	d.t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	})
	if slices.ContainsFunc(args, func(arg string) bool { return arg == "1" || strings.HasSuffix(arg, "=1") }) {
		if line, err = bufio.NewReader(out).ReadString('\n'); err != nil {
			d.t.Fatalf("%s: %v", name, err)
		}
	}
	return strings.TrimSpace(line)
}

// run runs a program to its end, for a minute at most, and returns what it
// printed.
func (d *desktop) run(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = d.env
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// xdotool does what a user's hands do.
func (d *desktop) xdotool(args ...string) {
	d.t.Helper()
	if out, err := d.run("xdotool", args...); err != nil {
		d.t.Fatalf("xdotool %s: %v, %s", strings.Join(args, " "), err, out)
	}
}

// dialogs returns the titles, by id, of what the file manager shows beside
// folders.
func (d *desktop) dialogs() map[string]string {
	ids, _ := d.run("xdotool", "search", "--onlyvisible", "--name", ".")
	dialogs := map[string]string{}
	for id := range strings.FieldsSeq(ids) {
		title, err := d.run("xdotool", "getwindowname", id)
		if err == nil && title != "" && !strings.HasSuffix(title, "Thunar") {
			dialogs[id] = title
		}
	}
	return dialogs
}

// dismiss presses a key in every dialog until there is none, and returns what
// they were.
func (d *desktop) dismiss() (titles []string) {
	d.t.Helper()
	rtorrenttest.Eventually(d.t, time.Minute, "dismissed", func() bool {
		dialogs := d.dialogs()
		for id, title := range dialogs {
			titles = append(titles, title)
			d.run("xdotool", "windowactivate", id, "key", "Escape")
		}
		return len(dialogs) == 0
	})
	return titles
}

// A folderWindow is one that shows one folder, in the left or the right half of the screen.
type folderWindow struct {
	d     *desktop
	title string
	id    string
	x     int
}

const (
	windowWidth, windowHeight = 490, 600
	windowTop                 = 20
	// The first icon of a folder, also where a banner tells that the user is
	// root, and a place where there is none.
	iconX, iconY   = 45, 140
	emptyX, emptyY = 400, 500
	// handPause is how long a hand takes, in seconds.
	handPause = 0.15
)

// show opens a folder, at the left or 500 pixels right of it.
func (d *desktop) show(path string, x int) *folderWindow {
	d.t.Helper()
	w := &folderWindow{d: d, title: filepath.Base(path) + " - Thunar", x: x}
	if out, err := d.run("thunar", path); err != nil {
		d.t.Fatalf("thunar %s: %v, %s", path, err, out)
	}
	rtorrenttest.Eventually(d.t, time.Minute, "a window of "+path, func() bool {
		w.id, _ = d.run("xdotool", "search", "--onlyvisible", "--name", "^"+w.title+"$")
		return w.id != "" && !strings.Contains(w.id, "\n")
	})
	d.xdotool("windowsize", "--sync", w.id, fmt.Sprint(windowWidth), fmt.Sprint(windowHeight), "windowmove", "--sync", w.id, fmt.Sprint(x), fmt.Sprint(windowTop))
	return w
}

// keys presses keys in the folder.
func (w *folderWindow) keys(keys ...string) {
	w.d.t.Helper()
	w.d.xdotool("windowactivate", "--sync", w.id)
	w.d.xdotool(append([]string{"key", "--delay", "200", "--clearmodifiers"}, keys...)...)
}

// close closes the folder, and what is in front of it, whose titles it
// returns.
func (w *folderWindow) close() (titles []string) {
	w.d.t.Helper()
	rtorrenttest.Eventually(w.d.t, time.Minute, w.title+" is closed", func() bool {
		titles = append(titles, w.d.dismiss()...)
		if ids, _ := w.d.run("xdotool", "search", "--onlyvisible", "--name", "^"+w.title+"$"); ids == "" {
			return true
		}
		w.d.run("xdotool", "windowactivate", "--sync", w.id, "key", "--clearmodifiers", "ctrl+w", "sleep", "0.5")
		return false
	})
	return titles
}

// paste copies all that is in one folder and pastes it into another, waits
// until done holds, and returns the titles of the dialogs that came.
func (d *desktop) paste(from, to string, done func() bool) []string {
	d.t.Helper()
	left, right := d.show(from, 0), d.show(to, 500)
	left.keys("ctrl+a", "ctrl+c")
	right.keys("ctrl+v")
	rtorrenttest.Eventually(d.t, time.Minute, "pasted", done)
	d.screenshot("paste into " + filepath.Base(to))
	return append(right.close(), left.close()...)
}

// drag drags the first icon of one folder into another until done holds,
// with a key held if that is not "". What a slow machine lets slip is done
// again, slower.
func (d *desktop) drag(from, to *folderWindow, key, what string, done func() bool) {
	d.t.Helper()
	for try := 1; ; try++ {
		pause := fmt.Sprintf("%.2f", handPause*float64(try))
		hand := []string{"windowactivate", "--sync", from.id, "mousemove", "--sync", fmt.Sprint(from.x + iconX), fmt.Sprint(iconY), "sleep", pause, "mousedown", "1", "sleep", pause}
		for range 4 {
			hand = append(hand, "mousemove_relative", "--sync", "6", "6", "sleep", pause)
		}
		for _, x := range []int{emptyX - 20, emptyX - 10, emptyX} {
			hand = append(hand, "mousemove", "--sync", fmt.Sprint(to.x+x), fmt.Sprint(emptyY), "sleep", pause)
		}
		if key != "" {
			hand = append(hand, "keydown", key, "sleep", pause)
		}
		hand = append(hand, "mousemove_relative", "--sync", "2", "2", "sleep", pause, "sleep", pause, "mouseup", "1", "sleep", pause)
		if key != "" {
			hand = append(hand, "keyup", key)
		}
		d.xdotool(hand...)
		if soon(5*time.Second, done) {
			return
		}
		if try == 5 {
			d.screenshot("failed")
			d.t.Fatalf("not after %d drags: %s; dialogs: %q", try, what, d.dialogs())
		}
	}
}

// soon reports whether ok became true in time.
func soon(limit time.Duration, ok func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(limit); !ok(); {
		select {
		case <-tick.C:
		case <-deadline:
			return ok()
		}
	}
	return true
}

// screenshot keeps what is on the screen for people.
func (d *desktop) screenshot(name string) {
	d.t.Helper()
	if d.shots == "" {
		return
	}
	if err := os.MkdirAll(d.shots, 0o755); err != nil {
		d.t.Fatal(err)
	}
	if out, err := d.run("ffmpeg", "-loglevel", "error", "-y", "-f", "x11grab", "-video_size", "1000x640", "-i", d.display, "-frames:v", "1", filepath.Join(d.shots, name+".png")); err != nil {
		d.t.Errorf("screenshot: %v, %s", err, out)
	}
}
