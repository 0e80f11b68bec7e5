package cache

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestBugInALoad: a panic is the error of those who wait, and no more.
func TestBugInALoad(t *testing.T) {
	bug := true
	k := newKeyed(time.Hour, func(context.Context, string) (int, error) {
		var none []int
		if bug {
			return none[1], nil
		}
		return 7, nil
	})
	if _, err := k.value(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "a bug in rtfs, at bug_test.go:") {
		t.Errorf("error %v, want one that says where the bug is", err)
	}
	bug = false
	if v, err := k.value(t.Context(), "a"); v != 7 || err != nil {
		t.Errorf("after it: %d, %v, want 7", v, err)
	}
}

// TestHundredWaitersInARow: those who ask for what timed out a moment ago are
// told so at once.
func TestHundredWaitersInARow(t *testing.T) {
	loads := 0
	k := newKeyed(time.Hour, func(context.Context, string) (int, error) {
		loads++
		return 0, context.DeadlineExceeded
	})
	for range 100 {
		if _, err := k.value(t.Context(), "a"); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
	}
	if loads != 1 {
		t.Errorf("rTorrent was waited for %d times, want once", loads)
	}
}

// TestSlowLoadsAreKept: a value that takes longer to load than it lives serves
// more than one who asks.
func TestSlowLoadsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loads := 0
		k := newKeyed(time.Second, func(context.Context, string) (int, error) {
			loads++
			time.Sleep(3 * time.Second)
			return 7, nil
		})
		k.costly = 4
		for range 100 { // 10 s of names
			if _, err := k.value(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if loads != 1 {
			t.Errorf("it was loaded %d times, want once", loads)
		}
	})
}
