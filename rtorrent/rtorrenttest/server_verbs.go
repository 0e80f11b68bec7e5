package rtorrenttest

import (
	"encoding/hex"
	"strings"
)

// modernCommands are those that only 0.16 has.
func modernCommands() map[string]command {
	digits := func(value func(t *Torrent) string) command {
		return ofTorrent(func(_ *run, t *Torrent, _ []any) (any, error) { return hexText(value(t)), nil })
	}
	return map[string]command{
		"d.name.hex":          digits(func(t *Torrent) string { return t.Name }),
		"d.base_path.hex":     digits(func(t *Torrent) string { return t.BasePath }),
		"d.base_filename.hex": digits(baseName),
		"f.frozen_path.hex": ofFile(func(_ *run, t *Torrent, f *File, _ []any) (any, error) {
			return hexText(t.frozenPath(f)), nil
		}),
		"f.path_components.hex": ofFile(func(_ *run, _ *Torrent, f *File, _ []any) (any, error) {
			parts := []any{}
			for _, p := range f.Path {
				parts = append(parts, hexText(p))
			}
			return parts, nil
		}),
		"d.multicall": plain(dMulticall),
	}
}

func hexText(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }

func torrentVerbs() map[string]command {
	return map[string]command{
		"d.open":                ofTorrent(dOpen),
		"d.start":               ofTorrent(dStart),
		"d.resume":              ofTorrent(dResume),
		"d.pause":               ofTorrent(dPause),
		"d.stop":                ofTorrent(dStop),
		"d.close":               ofTorrent(dClose),
		"d.check_hash":          ofTorrent(dCheckHash),
		"d.erase":               ofTorrent(dErase),
		"d.save_resume":         ofTorrent(dSave),
		"d.save_full_session":   ofTorrent(dSave),
		"d.update_priorities":   ofTorrent(dUpdatePriorities),
		"d.tracker_announce":    ofTorrent(dAnnounce),
		"d.tracker.send_scrape": ofTorrent(dNothing),
		"d.tracker.insert":      ofTorrent(dTrackerInsert),
	}
}

func dNothing(*run, *Torrent, []any) (any, error) { return nothing{}, nil }

// dUpdatePriorities does nothing in 0.9.8 before the torrent is checked.
func dUpdatePriorities(r *run, t *Torrent, _ []any) (any, error) {
	if r.dialect.modern || t.Checked {
		t.applyPriorities()
	}
	return nothing{}, nil
}

func dAnnounce(r *run, t *Torrent, _ []any) (any, error) {
	if t.Active {
		r.announceTo(t, "")
	}
	return nothing{}, nil
}
