package fs

import (
	"slices"
	"testing"

	"rtfs/rtorrent"
)

func TestQuery(t *testing.T) {
	torrent := &rtorrent.Torrent{
		Name: "Some.Name", Size: 5 << 20, UpTotal: 25, BytesDone: 10, State: true, IsOpen: true, IsActive: true,
		IsComplete: false, Custom1: "tv,hd", Priority: 3, Directory: "/data/tv", Message: "Tracker: [x]",
	}
	hosts := []string{"tracker.foo.org"}
	cases := []struct {
		expr string
		want bool
	}{
		{"ratio>2", true}, {"ratio>2.5", false}, {"ratio>=2.5", true}, {"ratio=2.5", true}, {"ratio!=2.5", false},
		{"size<6M", true}, {"size=5M", true}, {"size>5242880", false}, {"size<=5m", true},
		{"state=downloading", true}, {"state=DOWNLOADING", true}, {"state!=downloading", false}, {"state=down*", true},
		{"ratio>2,state=downloading", true}, {"ratio>2,state=seeding", false},
		{"tags=tv", true}, {"tags=hd", true}, {"tags=t", false}, {"tags!=tv", false}, {"tags!=sd", true}, {"tags~t*", true},
		{"name=*name", true}, {"name~Some*", true}, {"name=Some%2EName", true}, {"name=", false},
		{"directory=%2Fdata*", true}, {"directory=*tv", true}, {"directory=%2Fdata", false},
		{"tracker=*foo*", true}, {"tracker=foo.org", false}, {"tracker!=*foo*", false},
		{"name~*[[]x*", false}, {"is_active=1", true}, {"is_active=on", true}, {"is_complete!=off", false}, {"size>1.5M", true}, {"eta>=-1", true}, {"is_complete=0", true}, {"priority=high", true}, {"priority>=2", true},
		{"progress~0.*", true},
	}
	for _, tc := range cases {
		q, err := parseQuery(tc.expr, queryFields())
		if err != nil {
			t.Errorf("%s: %v", tc.expr, err)
			continue
		}
		if got := q.match(torrent, hosts); got != tc.want {
			t.Errorf("%s: %t, want %t", tc.expr, got, tc.want)
		}
	}
	for _, expr := range []string{"", "ratio", "=2", "nothing=1", "ratio>x", "state>seeding", "name=[", "ratio>2,", "a b c", "ratio>", "size=5X", "!=3",
		"size!=nan", "ratio<inf", "size>1MK", "size>1e3", "state!=seedng", "state=foo", "is_active=yes", "message=x"} {
		if _, err := parseQuery(expr, queryFields()); errnoOf(err, false) != errnoOf(errInvalid, false) {
			t.Errorf("%q: %v, want it refused", expr, err)
		}
	}
}

// queryFields are the fields of a mount.
func queryFields() []File[rtorrent.Torrent] {
	return slices.DeleteFunc(columns(torrentNodes()), func(f File[rtorrent.Torrent]) bool { return f.Secret })
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"ratio>2,state=seeding", "tracker=*foo*", "name~[", "size<5G"} {
		f.Add(s)
	}
	files := queryFields()
	f.Fuzz(func(t *testing.T, expr string) {
		if q, err := parseQuery(expr, files); err == nil {
			q.match(&rtorrent.Torrent{}, nil)
		}
	})
}

func TestMessageClass(t *testing.T) {
	cases := []struct{ message, want string }{
		{"", ""},
		{`Tracker: [Failure reason "Unregistered torrent"]`, "unregistered"},
		{"Tracker: [Couldn't connect to server]", "unreachable"},
		{"Tracker: [Could not connect to server] /// Tracker: [x]", "unreachable"},
		{"Tracker: [Timeout was reached]", "timeout"},
		{`Tracker: [Failure reason "Invalid passkey"]`, "auth"},
		{"Hash check I/O error at chunk 0: File name too long", "check"},
		{"Download registered as completed, but hash check returned unfinished chunks.", "check"},
		{"No space left on device", "disk"},
		{"hello", "other"},
	}
	for _, tc := range cases {
		if got := messageClass(tc.message); got != tc.want {
			t.Errorf("class of %q = %q, want %q", tc.message, got, tc.want)
		}
	}
}
