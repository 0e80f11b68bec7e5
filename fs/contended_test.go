package fs

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestValueThatIsReadAndWrittenAtOnce has many write one value, each another
// length, while many read it, by its path and by a descriptor of theirs. All of
// what is read was written, whole.
func TestValueThatIsReadAndWrittenAtOnce(t *testing.T) { contend(t, time.Second) }

func contend(t *testing.T, during time.Duration) {
	t.Helper()
	m, hashes := mountFake(t, 1)
	path := m.torrent(hashes[0], "comment")
	text := func(n int) string { return fmt.Sprintf("%d x%s", n, strings.Repeat("x", n%97*11)) }
	whole := func(got string) bool {
		var n int
		_, err := fmt.Sscanf(got, "%d ", &n)
		return err == nil && got == text(n)+"\n"
	}
	if err := writeFile(path, []byte(text(0))); err != nil {
		t.Fatal(err)
	}
	var wrong, reads, writes atomic.Int64
	report := func(format string, args ...any) {
		if wrong.Add(1) <= 5 {
			t.Errorf(format, args...)
		}
	}
	var all sync.WaitGroup
	over := time.Now().Add(during)
	for range 4 {
		all.Go(func() {
			for time.Now().Before(over) && wrong.Load() == 0 {
				if err := writeFile(path, []byte(text(int(writes.Add(1)))+"\n")); err != nil {
					report("write: %v", err)
				}
			}
		})
		all.Go(func() {
			for time.Now().Before(over) && wrong.Load() == 0 {
				if got, err := os.ReadFile(path); err != nil || !whole(string(got)) {
					report("read: %.30q of %d bytes, %v", got, len(got), err)
				}
				reads.Add(1)
			}
		})
	}
	all.Go(func() {
		for time.Now().Before(over) && wrong.Load() == 0 {
			held, err := os.Open(path)
			if err != nil {
				report("open: %v", err)
				continue
			}
			for range 3 {
				if got, err := os.ReadFile(fmt.Sprintf("/proc/self/fd/%d", held.Fd())); err != nil || !whole(string(got)) {
					report("read by a descriptor: %.30q of %d bytes, %v", got, len(got), err)
				}
			}
			if got, err := os.ReadFile(path); err != nil || !whole(string(got)) {
				report("read beside a descriptor: %.30q of %d bytes, %v", got, len(got), err)
			}
			held.Close()
			reads.Add(4)
		}
	})
	all.Wait()
	t.Logf("%d reads, %d writes, %d wrong", reads.Load(), writes.Load(), wrong.Load())
}
