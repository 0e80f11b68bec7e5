package fs

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// A stateStep is a word written to the state of a torrent that is in a state.
type stateStep struct {
	word  string
	errno syscall.Errno // of the write
	now   string        // what state may read right after it, separated by blanks
	then  string        // what it reads in the end
}

// stateSteps say for each state what each word does. Small torrents are
// checked in no time, so that a check may be over when state is read.
var stateSteps = map[string][]stateStep{
	stateSeeding: {
		{"start", 0, "seeding", "seeding"},
		{"stop", 0, "stopped", "stopped"},
		{"pause", 0, "paused", "paused"},
		{"resume", 0, "seeding", "seeding"},
		{"check", 0, "checking queued seeding", "seeding"},
		{"downloading", syscall.EINVAL, "seeding", "seeding"},
		{"seeding", 0, "seeding", "seeding"},
		{"stopped", 0, "stopped", "stopped"},
		{"paused", 0, "paused", "paused"},
		{"checking", 0, "checking queued seeding", "seeding"},
		{"queued", syscall.EINVAL, "seeding", "seeding"},
		{"error", syscall.EINVAL, "seeding", "seeding"},
		{"metadata", syscall.EINVAL, "seeding", "seeding"},
		{"erase", syscall.EINVAL, "seeding", "seeding"},
	},
	stateDownloading: {
		{"start", 0, "downloading", "downloading"},
		{"stop", 0, "stopped", "stopped"},
		{"pause", 0, "paused", "paused"},
		{"resume", 0, "downloading", "downloading"},
		{"check", 0, "checking queued downloading", "downloading"},
		{"downloading", 0, "downloading", "downloading"},
		{"seeding", syscall.EINVAL, "downloading", "downloading"},
	},
	statePaused: {
		{"start", 0, "seeding", "seeding"},
		{"stop", 0, "stopped", "stopped"},
		{"pause", 0, "paused", "paused"},
		{"resume", 0, "seeding", "seeding"},
		{"check", 0, "checking queued seeding paused", "paused"},
		{"downloading", syscall.EINVAL, "paused", "paused"},
		{"seeding", 0, "seeding", "seeding"},
		{"checking", 0, "checking queued seeding paused", "paused"},
	},
	stateStopped: {
		{"start", 0, "checking queued seeding", "seeding"},
		{"stop", 0, "stopped", "stopped"},
		{"pause", syscall.EINVAL, "stopped", "stopped"},
		{"resume", 0, "checking queued seeding", "seeding"},
		{"check", 0, "checking queued stopped", "stopped"},
		{"downloading", syscall.EINVAL, "stopped", "stopped"},
		{"seeding", 0, "checking queued seeding", "seeding"},
		{"paused", syscall.EINVAL, "stopped", "stopped"},
	},
	stateError: {
		{"start", 0, "checking queued seeding", "seeding"},
		{"stop", 0, "stopped", "stopped"},
		{"pause", syscall.EINVAL, "error", "error"},
		{"resume", 0, "checking queued seeding", "seeding"},
		{"check", 0, "checking queued seeding", "seeding"},
	},
	stateMetadata: {
		{"start", 0, "metadata", "metadata"},
		{"pause", 0, "metadata", "metadata"},
		{"resume", 0, "metadata", "metadata"},
		{"stop", 0, "metadata", "metadata"},
		{"check", syscall.EBUSY, "metadata", "metadata"},
	},
}

// TestStateWords writes every word in every state.
func TestStateWords(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountQuick(t, rtorrenttest.Start(t, version))
			for _, state := range states() {
				for i, step := range stateSteps[state] {
					// One torrent each: 0.9.8 takes few starts a second of one.
					name := fmt.Sprintf("%s %d", state, i)
					m.step(t, m.inState(t, name, state), state, step)
				}
			}
		})
	}
}

// mountQuick mounts an rTorrent so that changes from elsewhere show at once.
func mountQuick(t *testing.T, d *rtorrent.Daemon) *mounted {
	t.Helper()
	m := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{TTL: 10 * time.Millisecond}, Options{TTL: 10 * time.Millisecond})
	m.daemon = d
	return m
}

// inState adds a torrent of that name and brings it into a state.
func (m *mounted) inState(t *testing.T, name, state string) rtorrent.Hash {
	t.Helper()
	if state == stateMetadata {
		h := rtorrent.Hash(fmt.Sprintf("%X", sha1.Sum([]byte(name))))
		if err := m.client.CallWrite(t.Context(), nil, "load.start", "", "magnet:?xt=urn:btih:"+string(h)+"&tr=http://127.0.0.1:9/announce"); err != nil {
			t.Fatal(err)
		}
		m.awaitState(t, h, state)
		return h
	}
	p := newPayload(t, name, piece, map[string]int{"": 40_000})
	if state != stateDownloading {
		p.write(t, m.daemon.Downloads())
	}
	m.add(t, "add", p)
	m.awaitIdle(t, p.hash)
	switch state {
	case stateStopped:
		m.awaitState(t, p.hash, stateSeeding)
		m.put(t, "stop\n", "torrents", string(p.hash), "state")
	case statePaused:
		m.put(t, "pause\n", "torrents", string(p.hash), "state")
	case stateError: // started, but closed by somebody else
		m.awaitState(t, p.hash, stateSeeding)
		if err := m.client.CallWrite(t.Context(), nil, "d.close", p.hash); err != nil {
			t.Fatal(err)
		}
	}
	m.awaitState(t, p.hash, state)
	return p.hash
}

// awaitIdle waits for the end of a check.
func (m *mounted) awaitIdle(t *testing.T, h rtorrent.Hash) {
	t.Helper()
	rtorrenttest.Eventually(t, 30*time.Second, "no check is under way", func() bool {
		return m.read(t, "torrents", string(h), "hashing") == "0\n"
	})
}

// step writes a word, and looks at what state reads then.
func (m *mounted) step(t *testing.T, h rtorrent.Hash, state string, s stateStep) {
	t.Helper()
	if err := m.stepped(h, state, s); err != nil {
		t.Error(err)
	}
}

// stepped is step, and returns what is wrong.
func (m *mounted) stepped(h rtorrent.Hash, state string, s stateStep) error {
	path := m.torrent(h, "state")
	err := writeFile(path, []byte(s.word+"\n"))
	if s.errno == 0 && err != nil || s.errno != 0 && !errors.Is(err, s.errno) {
		return fmt.Errorf("%s while %s: %v, want %v", s.word, state, err, s.errno)
	}
	now, err := os.ReadFile(path)
	if err != nil || !slices.Contains(strings.Fields(s.now), strings.TrimSpace(string(now))) {
		return fmt.Errorf("%s while %s: state reads %q (%v) at once, want one of %s", s.word, state, now, err, s.now)
	}
	waits := s.then == stateChecking || s.then == stateQueued
	for deadline := time.Now().Add(30 * time.Second); string(now) != s.then+"\n"; <-time.After(5 * time.Millisecond) {
		if now, err = os.ReadFile(path); err != nil || time.Now().After(deadline) || waits && string(now) != stateChecking+"\n" && string(now) != stateQueued+"\n" {
			return fmt.Errorf("%s while %s: state reads %q (%v) in the end, want %s", s.word, state, now, err, s.then)
		}
	}
	return nil
}

// zeros is a torrent of n zero bytes, with a sparse file for its data.
func zeros(t *testing.T, downloads, name string, n int64) ([]byte, rtorrent.Hash) {
	t.Helper()
	const length = 1 << 20
	sum := sha1.Sum(make([]byte, length))
	info := fmt.Sprintf("d6:lengthi%de4:name%d:%s12:piece lengthi%de6:pieces%d:%se", n, len(name), name, length, n/length*20, strings.Repeat(string(sum[:]), int(n/length)))
	path := filepath.Join(downloads, name)
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, n); err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, "d8:announce18:http://127.0.0.1:94:info%se", info), rtorrent.Hash(fmt.Sprintf("%X", sha1.Sum([]byte(info))))
}

// TestStateWordsDuringACheck writes the words to a torrent whose check takes
// about a second, and to one that waits behind it. On a machine that does much
// else such a check can be over too soon: then it is done again with a larger
// torrent.
func TestStateWordsDuringACheck(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountQuick(t, rtorrenttest.Start(t, version))
			for size := int64(384 << 20); ; size *= 2 {
				over, err := m.wordsDuringACheck(t, version, size)
				if err == nil {
					break
				}
				if !over || size > 8<<30 {
					t.Fatal(err)
				}
				t.Logf("%v; but the check of %d bytes was over", err, size)
			}
		})
	}
}

// wordsDuringACheck does it with a torrent of a size. If something is wrong it
// tells whether there was no check any more.
func (m *mounted) wordsDuringACheck(t *testing.T, version string, size int64) (over bool, err error) {
	t.Helper()
	content, large := zeros(t, m.daemon.Downloads(), fmt.Sprint("large ", size), size)
	m.put(t, string(content), "add-stopped", string(large)+".torrent")
	small := newPayload(t, fmt.Sprint("small ", size), piece, map[string]int{"": 100_000})
	small.write(t, m.daemon.Downloads())
	m.add(t, "add-stopped", small)
	for _, s := range []struct {
		h     rtorrent.Hash
		state string
		step  stateStep
	}{
		{large, stateStopped, stateStep{"check", 0, "checking queued", stateChecking}},
		{small.hash, stateStopped, stateStep{"check", 0, "queued", stateQueued}},
		{large, stateChecking, stateStep{"pause", syscall.EBUSY, "checking queued", stateChecking}},
		{large, stateChecking, stateStep{"check", 0, "checking", stateChecking}},
		{large, stateChecking, stateStep{"seeding", syscall.EINVAL, "checking", stateChecking}}, // it is not complete yet
		{small.hash, stateQueued, stateStep{"pause", syscall.EBUSY, "queued", stateQueued}},
		{small.hash, stateQueued, stateStep{"resume", 0, "queued", stateQueued}},
		{large, stateChecking, stateStep{"start", 0, "checking", stateSeeding}},
		{small.hash, stateSeeding, stateStep{"seeding", 0, "seeding", stateSeeding}},

		// A start while a paused torrent is checked is the last word.
		{large, stateSeeding, stateStep{"pause", 0, "paused", statePaused}},
		{large, statePaused, stateStep{"check", 0, "checking queued", stateChecking}},
		{large, stateChecking, stateStep{"start", 0, "checking", stateSeeding}},
	} {
		if s.state == stateSeeding {
			m.awaitState(t, s.h, stateSeeding)
		}
		if err := m.stepped(s.h, s.state, s.step); err != nil {
			now, asked := m.client.Torrent(t.Context(), large)
			if asked != nil {
				t.Fatal(asked)
			}
			return now.Hashing == 0, err
		}
	}
	m.holds(t, large, stateSeeding)

	// A stop ends the check, or waits for its end.
	m.put(t, "check\n", "torrents", string(large), "state")
	begun := time.Now()
	err = writeFile(m.torrent(large, "state"), []byte("stop\n"))
	if took := time.Since(begun); took > checkedWithin {
		t.Errorf("stop during a check took %s, want at most %s", took, checkedWithin)
	}
	switch {
	case err == nil:
		if got := m.read(t, "torrents", string(large), "state"); got != "stopped\n" {
			t.Errorf("state = %q right after stop, want stopped", got)
		}
	case version != "0.9.8" || !errors.Is(err, syscall.EBUSY):
		t.Errorf("stop during a check: %v", err)
	}
	if _, err := m.client.Torrent(t.Context(), large); err != nil {
		t.Errorf("rTorrent after a stop during a check: %v", err)
	}
	return false, nil
}

// checkedWithin is how long a write that meets a check may take.
const checkedWithin = 7 * time.Second

// holds fails unless a torrent stays in a state for four looks at checks.
func (m *mounted) holds(t *testing.T, h rtorrent.Hash, state string) {
	t.Helper()
	begun := time.Now()
	rtorrenttest.Eventually(t, 5*time.Second, "time goes by", func() bool {
		if got := m.read(t, "torrents", string(h), "state"); got != state+"\n" {
			t.Fatalf("state = %q after %s, want %s to stay", got, time.Since(begun), state)
		}
		return time.Since(begun) > 4*checkPoll
	})
}

// TestManyStoppedAndErasedDuringChecks is what hung rTorrent 0.9.8 for good.
func TestManyStoppedAndErasedDuringChecks(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountQuick(t, rtorrenttest.Start(t, version))
			n := 100
			if testing.Short() {
				n = 20
			}
			var hashes []rtorrent.Hash
			for i := range n {
				content, h := zeros(t, m.daemon.Downloads(), fmt.Sprintf("torrent %d", i), 12<<20)
				if err := m.client.LoadRaw(t.Context(), content); err != nil {
					t.Fatal(err)
				}
				hashes = append(hashes, h)
			}
			m.awaitState(t, hashes[n-1], stateStopped)
			for _, h := range hashes {
				if err := m.client.CallWrite(t.Context(), nil, "d.check_hash", h); err != nil {
					t.Fatal(err)
				}
			}
			var during atomic.Int64
			numbers := map[rtorrent.Hash]int{}
			for i, h := range hashes {
				numbers[h] = i
			}
			each(hashes, func(h rtorrent.Hash) {
				end := func() error { return writeFile(m.torrent(h, "state"), []byte("stop\n")) }
				if numbers[h]%2 == 0 {
					end = func() error { return os.Rename(m.torrent(h), m.path("erase", string(h))) }
				}
				if !m.isChecked(t, h) { // by now, on a machine that does much else
					if err := m.client.CallWrite(t.Context(), nil, "d.check_hash", h); err != nil {
						t.Error(err)
					}
				}
				if m.isChecked(t, h) {
					during.Add(1)
				}
				for err := end(); err != nil; err = end() {
					if !errors.Is(err, syscall.EBUSY) {
						t.Errorf("in the middle of a check: %v", err)
						return
					}
				}
			})
			if during.Load() < int64(n/10) {
				t.Errorf("only %d were checked when they were stopped or erased", during.Load())
			}
			var left int64
			if err := m.client.Call(t.Context(), &left, "view.size", "", "main"); err != nil || left != int64(n/2) {
				t.Errorf("%d torrents are left (%v), want %d", left, err, n/2)
			}
			if out, status := m.sh(t, "cat torrents/*/state | sort | uniq -c"); status != 0 || strings.Join(strings.Fields(out), " ") != fmt.Sprintf("%d stopped", n/2) {
				t.Errorf("states of those left: %s", out)
			}
		})
	}
}

// isChecked asks rTorrent whether a check of a torrent waits or is under way.
func (m *mounted) isChecked(t *testing.T, h rtorrent.Hash) bool {
	t.Helper()
	var hashing int64
	if err := m.client.Call(t.Context(), &hashing, "d.hashing", h); err != nil {
		t.Error(err)
	}
	return hashing != 0
}

// TestStartFailureIsTold has a directory that cannot be made.
func TestStartFailureIsTold(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountQuick(t, rtorrenttest.Start(t, version))
			p := newPayload(t, "p", piece, map[string]int{"": 100_000})
			m.add(t, "add-stopped", p)
			m.put(t, "/proc/nope\n", "torrents", string(p.hash), "directory")
			if err := writeFile(m.torrent(p.hash, "state"), []byte("start\n")); !errors.Is(err, syscall.EIO) {
				t.Errorf("start into /proc/nope: %v, want %v", err, syscall.EIO)
			}
			for _, file := range []string{"health", "log"} {
				if text := m.read(t, file); !strings.Contains(text, "/proc/nope") || !strings.Contains(text, string(p.hash)) {
					t.Errorf("%s does not tell why:\n%s", file, text)
				}
			}
			m.put(t, m.daemon.Downloads()+"\n", "torrents", string(p.hash), "directory")
			m.put(t, "start\n", "torrents", string(p.hash), "state")
			m.awaitState(t, p.hash, stateDownloading)
		})
	}
}
