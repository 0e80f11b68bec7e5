package disk

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestCopyIsLikeItsOriginal copies a file with holes to another file system.
func TestCopyIsLikeItsOriginal(t *testing.T) {
	from, to := t.TempDir(), fastDir(t)
	path := filepath.Join(from, "sparse")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, off := range []int64{0, 3 << 20, 7<<20 - 5} {
		if _, err := file.WriteAt(bytes.Repeat([]byte("data"), 20_000), off); err != nil {
			t.Fatal(err)
		}
	}
	file.Close()
	when := time.Unix(1_500_000_000, 123_456_789)
	for _, err := range []error{os.Truncate(path, 9<<20), os.Chmod(path, 0o640), os.Chtimes(path, when, when)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want, _ := os.ReadFile(path)
	m := moveOf(t, path, to)
	m.Copies = true
	if err := m.Copy(t.Context(), func(int64) {}); err != nil {
		t.Fatal(err)
	}
	if err := m.Place(); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(to, "sparse")
	got, err := os.ReadFile(copied)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v, want the %d of the original", len(got), err, len(want))
	}
	info, err := os.Stat(copied)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o640 || !info.ModTime().Equal(when) {
		t.Errorf("mode %v, time %v, want %v, %v", info.Mode(), info.ModTime(), os.FileMode(0o640), when)
	}
	if left, err := m.Finish(NewIndex(nil)); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if _, err := os.Stat(path); !missing(err) {
		t.Errorf("the original: %v, want it gone", err)
	}
}

// TestCopyEndsWithItsContext undoes a copy that was ended.
func TestCopyEndsWithItsContext(t *testing.T) {
	from, to := t.TempDir(), fastDir(t)
	path := filepath.Join(from, "file")
	if err := os.WriteFile(path, make([]byte, 5<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	m := moveOf(t, path, to)
	m.Copies = true
	ctx, cancel := context.WithCancel(t.Context())
	if err := m.Copy(ctx, func(int64) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
	if err := m.Undo(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(to); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v, want nothing", left, err)
	}
}

// TestOriginalStaysIfItChanged keeps what was written after the copy.
func TestOriginalStaysIfItChanged(t *testing.T) {
	from, to := t.TempDir(), fastDir(t)
	path := filepath.Join(from, "file")
	if err := os.WriteFile(path, []byte("before"), 0o644); err != nil {
		t.Fatal(err)
	}
	m := moveOf(t, path, to)
	m.Copies = true
	if err := errors.Join(m.Copy(t.Context(), func(int64) {}), m.Place()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("behind"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Finish(NewIndex(nil)); !errors.Is(err, ErrChanged) {
		t.Errorf("%v, want %v", err, ErrChanged)
	}
	if got, err := os.ReadFile(path); string(got) != "behind" {
		t.Errorf("%q, %v, want what was written last", got, err)
	}
}

// moveOf begins a move of one file.
func moveOf(t *testing.T, path, to string) *Move {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	torrent := &Torrent{Hash: "A", Name: filepath.Base(path), Base: path, Files: []File{{Size: info.Size(), Verified: true}}}
	plan, err := NewPlan(torrent, NewIndex([]*Torrent{torrent}), AnyOwner)
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewMove(plan, to, AnyOwner, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
