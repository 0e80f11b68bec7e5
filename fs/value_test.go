package fs

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"rtfs/rtorrent"
)

func TestStateOf(t *testing.T) {
	cases := []struct {
		name    string
		torrent rtorrent.Torrent
		want    string
	}{
		{"never opened", rtorrent.Torrent{}, stateStopped},
		{"stopped, still open", rtorrent.Torrent{IsOpen: true, IsChecked: true}, stateStopped},
		{"downloading", rtorrent.Torrent{State: true, IsOpen: true, IsActive: true}, stateDownloading},
		{"seeding", rtorrent.Torrent{State: true, IsOpen: true, IsActive: true, IsComplete: true}, stateSeeding},
		{"active though not started", rtorrent.Torrent{IsOpen: true, IsActive: true, IsComplete: true}, stateSeeding},
		{"paused", rtorrent.Torrent{State: true, IsOpen: true}, statePaused},
		{"started but closed", rtorrent.Torrent{State: true}, stateError},
		{"check failed", rtorrent.Torrent{HashingFailed: true}, stateError},
		{"checking", rtorrent.Torrent{State: true, IsOpen: true, Hashing: 3, IsChecking: true, IsComplete: true}, stateChecking},
		{"queued", rtorrent.Torrent{Hashing: 1}, stateQueued},
		{"magnet", rtorrent.Torrent{State: true, IsOpen: true, IsActive: true, IsMeta: true}, stateMetadata},
		{"a message changes nothing", rtorrent.Torrent{State: true, IsOpen: true, IsActive: true, Message: "Tracker: [x]"}, stateDownloading},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := stateOf(&tc.torrent); got != tc.want {
				t.Errorf("stateOf = %s, want %s", got, tc.want)
			}
		})
	}
}

// TestStateAgreesWithTheThreeStates holds the states to the rule of the tools
// that build on rtorrent-rpc: complete and started is seeding; closed or not
// started is paused; else downloading.
func TestStateAgreesWithTheThreeStates(t *testing.T) {
	three := map[string][]string{
		"seeding":     {stateSeeding, stateChecking, stateQueued, statePaused, stateError, stateMetadata},
		"paused":      {stateStopped, statePaused, stateError, stateChecking, stateQueued, stateMetadata},
		"downloading": {stateDownloading, stateChecking, stateQueued, statePaused, stateError, stateMetadata},
	}
	bit := func(n, i int) bool { return n>>i&1 == 1 }
	for n := range 1 << 8 {
		torrent := &rtorrent.Torrent{
			State: bit(n, 0), IsOpen: bit(n, 1), IsActive: bit(n, 2), IsComplete: bit(n, 3),
			IsMeta: bit(n, 4), IsChecking: bit(n, 5), HashingFailed: bit(n, 7),
		}
		if bit(n, 6) {
			torrent.Hashing = 1
		}
		if torrent.IsActive && (!torrent.State || !torrent.IsOpen) {
			continue // what their rule cannot tell
		}
		rule := "downloading"
		switch {
		case torrent.IsComplete && torrent.State:
			rule = "seeding"
		case !torrent.IsOpen || !torrent.State:
			rule = "paused"
		}
		if got := stateOf(torrent); !slices.Contains(three[rule], got) {
			t.Errorf("%+v is %s, their rule says %s", torrent, got, rule)
		}
	}
}

func TestMovesCoverEveryState(t *testing.T) {
	for _, state := range states() {
		if _, ok := moves[state]; !ok {
			t.Errorf("no moves for state %s", state)
		}
	}
}

func TestValues(t *testing.T) {
	value := func(torrent rtorrent.Torrent, name string) string {
		for _, f := range columns(torrentNodes()) {
			if f.Name == name {
				return f.Value(&torrent)
			}
		}
		t.Fatalf("no file %s", name)
		return ""
	}
	cases := []struct {
		name, file, want string
		torrent          rtorrent.Torrent
	}{
		{"ratio", "ratio", "2.500", rtorrent.Torrent{UpTotal: 2500, BytesDone: 1000}},
		{"ratio rounds down", "ratio", "0.999", rtorrent.Torrent{UpTotal: 9999, BytesDone: 10000}},
		{"ratio of nothing", "ratio", "0.000", rtorrent.Torrent{UpTotal: 9}},
		{"ratio while a complete one is checked", "ratio", "1.000", rtorrent.Torrent{UpTotal: 5, Size: 5, IsComplete: true, Hashing: 3}},
		{"ratio beyond 2^53", "ratio", "1.000", rtorrent.Torrent{UpTotal: 1 << 60, BytesDone: 1 << 60}},
		{"progress rounds down", "progress", "99.99", rtorrent.Torrent{CompletedBytes: 999999, Size: 1000000}},
		{"progress is 100.00 only when complete", "progress", "99.99", rtorrent.Torrent{CompletedBytes: 1<<60 - 1, Size: 1 << 60}},
		{"progress complete", "progress", "100.00", rtorrent.Torrent{Size: 7, IsComplete: true}},
		{"progress of a check", "progress", "25.00", rtorrent.Torrent{Hashing: 3, HashedPieces: 1, PieceCount: 4, IsComplete: true}},
		{"progress of nonsense", "progress", "0.00", rtorrent.Torrent{Size: -5}},
		{"eta", "eta", "10", rtorrent.Torrent{LeftBytes: 1000, WantedPieces: 10, PieceSize: 100, DownRate: 100, IsActive: true}},
		{"eta of what is wanted", "eta", "1", rtorrent.Torrent{LeftBytes: 1000, WantedPieces: 1, PieceSize: 100, DownRate: 100, IsActive: true}},
		{"eta stalled", "eta", "-1", rtorrent.Torrent{LeftBytes: 1000, WantedPieces: 10, PieceSize: 100, IsActive: true}},
		{"eta complete", "eta", "0", rtorrent.Torrent{IsComplete: true}},
		{"added by convention", "time_added", "1700000000", rtorrent.Torrent{AddTime: "1700000000\n", LoadDate: 5}},
		{"added, quoted", "time_added", "1700000000", rtorrent.Torrent{AddTime: `"1700000000"`, LoadDate: 5}},
		{"added, no convention", "time_added", "5", rtorrent.Torrent{LoadDate: 5}},
		{"tags of Flood", "tags", "a b\nc,d", rtorrent.Torrent{Custom1: "a%20b,c%2Cd"}},
		{"label of ruTorrent", "tags", "a,b", rtorrent.Torrent{Custom1: "a%2Cb"}},
		{"label of Sonarr", "tags", "tv+hd", rtorrent.Torrent{Custom1: "tv+hd"}},
		{"tags that do not decode", "tags", "100%\nx", rtorrent.Torrent{Custom1: "100%, x"}},
		{"comment", "comment", "é 😀", rtorrent.Torrent{Custom2: "VRS24mrker%C3%A9%20%F0%9F%98%80"}},
		{"comment without marker", "comment", "plain%20", rtorrent.Torrent{Custom2: "plain%20"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := value(tc.torrent, tc.file); got != tc.want {
				t.Errorf("%s = %q, want %q", tc.file, got, tc.want)
			}
		})
	}
}

// TestFromIsTrue changes one column of a torrent at a time, and wants exactly
// those files to change that name its command.
func TestFromIsTrue(t *testing.T) {
	base := rtorrent.Torrent{
		Hash: "A", Name: "n", Size: 1000, FileCount: 1, PieceSize: 100, PieceCount: 10, LoadDate: 5,
		State: true, IsOpen: true, IsActive: true, CompletedBytes: 500, HashedPieces: 2, BytesDone: 500,
		WantedPieces: 5, LeftBytes: 500, UpRate: 1, DownRate: 100, UpTotal: 700, DownTotal: 500, Custom1: "a",
	}
	// Variants of the base in which a column counts that is eclipsed in it.
	variants := []func(*rtorrent.Torrent){
		func(*rtorrent.Torrent) {},
		func(t *rtorrent.Torrent) { t.IsActive, t.State = false, false },
		func(t *rtorrent.Torrent) { t.Hashing, t.IsActive, t.HashedPieces = 1, false, 3 },
		func(t *rtorrent.Torrent) { t.IsComplete, t.BytesDone = true, 1000 },
		func(t *rtorrent.Torrent) { t.IsActive = false },
		func(t *rtorrent.Torrent) { t.IsMeta = true },
		func(t *rtorrent.Torrent) { t.WantedPieces = 1000 },
		func(t *rtorrent.Torrent) { t.LeftBytes = 100000 },
		func(t *rtorrent.Torrent) { t.IsComplete, t.ConnectionCurrent = true, rtorrent.InitialSeed },
		func(t *rtorrent.Torrent) { t.IsActive, t.ConnectionSeed = false, rtorrent.InitialSeed },
	}
	// Fields without a column, and the one from which they are made.
	derived := map[string]string{"Group": "ChokeGroup"}
	fields := reflect.TypeFor[rtorrent.Torrent]()
	for i := range fields.NumField() {
		field := fields.Field(i)
		tag, tagged := field.Tag.Lookup("rt")
		if !tagged {
			continue
		}
		command, _, _ := strings.Cut(tag, ",")
		command, _, _ = strings.Cut(command, "=")
		for _, f := range columns(torrentNodes()) {
			named := slices.Contains(strings.Fields(f.From), command)
			changed := false
			for _, vary := range variants {
				before := base
				vary(&before)
				after := before
				change(reflect.ValueOf(&after).Elem().Field(i))
				if name, ok := derived[field.Name]; ok {
					change(reflect.ValueOf(&after).Elem().FieldByName(name))
				}
				changed = changed || f.Value(&before) != f.Value(&after)
			}
			if changed && !named {
				t.Errorf("%s changes with %s, which its From does not name", f.Name, command)
			}
			if named && !changed {
				t.Errorf("%s names %s in From and does not change with it", f.Name, command)
			}
		}
	}
}

// change gives a field another value.
func change(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("1" + v.String())
	case reflect.Bool:
		v.SetBool(!v.Bool())
	default:
		v.SetInt(v.Int() + 137)
	}
}
