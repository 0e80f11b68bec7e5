//go:build bench

package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A figure is one line of the report.
type figure struct {
	what  string
	value string // as it was measured
	than  string // what it stands beside, "" nothing
	ratio float64
	aim   float64 // of ratio, at most
	least bool    // aim is at least
}

// A report gathers the figures.
type report struct {
	t testing.TB
	b bytes.Buffer
}

func (r *report) section(title string) {
	r.t.Log(title)
	fmt.Fprintf(&r.b, "\n## %s\n\n| what | measured | beside | ratio | aim |\n|---|---|---|---|---|\n", title)
}

func (r *report) add(f figure) {
	ratio, aim := "", ""
	if f.ratio != 0 {
		ratio = fmt.Sprintf("%.2f", f.ratio)
	}
	if f.aim != 0 {
		aim, missed := fmt.Sprintf("≤ %g", f.aim), f.ratio > f.aim
		if f.least {
			aim, missed = fmt.Sprintf("≥ %g", f.aim), f.ratio < f.aim
		}
		if missed {
			aim += ", missed"
		}
		f.aim = 0
		r.line(f, ratio, aim)
		return
	}
	r.line(f, ratio, aim)
}

func (r *report) line(f figure, ratio, aim string) {
	r.t.Logf("%s: %s, %s: %s (%s)", f.what, f.value, f.than, ratio, aim)
	fmt.Fprintf(&r.b, "| %s | %s | %s | %s | %s |\n", f.what, f.value, f.than, ratio, aim)
}

// times adds two times, and their ratio.
func (r *report) times(what string, value time.Duration, than string, other time.Duration, aim float64) {
	r.add(figure{what: what, value: ms(value), than: than + " " + ms(other), ratio: float64(value) / float64(other), aim: aim})
}

// atMost adds a value that has a bound of its own.
func (r *report) atMost(what string, value, bound float64, unit string) {
	r.add(figure{what: what, value: fmt.Sprintf("%.4g %s", value, unit), than: fmt.Sprintf("at most %g %s", bound, unit), ratio: value / bound, aim: 1})
}

func ms(d time.Duration) string { return fmt.Sprintf("%.4g ms", float64(d.Microseconds())/1000) }

// write makes the page.
func (r *report) write(path string) {
	var page bytes.Buffer
	fmt.Fprintf(&page, `# Benchmarks

Made by `+"`make bench`"+` on %s; do not edit.

- machine: %s, %d CPUs, Linux %s, load %s before the run
- %s
- every time is a median; what stands beside it was measured in turns with it, in the same run
- tmpfs holds the same tree: a directory for each torrent with the same files

To repeat it: `+"`make bench`"+`, as root, with Python and the rTorrents that `+"`make deps`"+` installs. The first
run makes the sessions, in `+"`${RTFS_CACHE:-~/.cache/rtfs}/bench`"+`. `+"`RTFS_BENCH=0.9.8:1000/listings,tables`"+` measures that alone and writes nothing.
`, time.Now().Format("2006-01-02"), cpuModel(), runtime.NumCPU(), said("uname", "-r"), loadBefore, strings.TrimPrefix(said("go", "version"), "go version "))
	page.Write(r.b.Bytes())
	must(r.t, os.WriteFile(path, page.Bytes(), 0o644))
}

var loadBefore = func() string {
	content, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(content), " ")
	return first
}()

func cpuModel() string {
	content, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(content)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, " \t:\n")
		}
	}
	return runtime.GOARCH
}

func said(program string, args ...string) string {
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
