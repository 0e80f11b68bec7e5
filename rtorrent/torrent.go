package rtorrent

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// A Hash is an info-hash: 40 upper-case hexadecimal digits.
type Hash string

// ParseHash returns the info-hash that s spells, in either case.
func ParseHash(s string) (Hash, error) {
	if len(s) != 40 {
		return "", fmt.Errorf("info-hash %.60q: want 40 hexadecimal digits", s)
	}
	for i := range len(s) {
		if !isHex(s[i]) {
			return "", fmt.Errorf("info-hash %q: want 40 hexadecimal digits", s)
		}
	}
	return Hash(strings.ToUpper(s)), nil
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
}

// A Torrent is one row of the table of all torrents. Its rt tags are the
// query: command, speed, encoding (see Table). A Torrent is never changed
// once it has been returned.
type Torrent struct {
	Hash Hash `rt:"d.hash,static"`
	// Name is the bytes of the name in the .torrent, as far as rTorrent tells
	// them: 0.9.8 shows '?' for every non-ASCII byte of some names.
	Name       string `rt:"d.name,static,hex"`
	Size       int64  `rt:"d.size_bytes,static"` // bytes
	FileCount  int64  `rt:"d.size_files,static"`
	PieceSize  int64  `rt:"d.chunk_size,static"` // bytes
	PieceCount int64  `rt:"d.size_chunks,static"`
	Created    int64  `rt:"d.creation_date,static"` // Unix seconds, 0 unknown
	LoadDate   int64  `rt:"d.load_date,static"`     // Unix seconds; now at every start of rTorrent

	// The flags are side by side, where they take little room.
	IsPrivate     bool `rt:"d.is_private,static"`
	IsMulti       bool `rt:"d.is_multi_file,static"`
	State         bool `rt:"d.state,moving"` // started
	IsOpen        bool `rt:"d.is_open"`
	IsActive      bool `rt:"d.is_active,moving"`
	IsComplete    bool `rt:"d.complete"`
	IsMeta        bool `rt:"d.is_meta"`
	IsChecking    bool `rt:"d.is_hash_checking,moving"`
	IsChecked     bool `rt:"d.is_hash_checked"`
	HashingFailed bool `rt:"d.hashing_failed"`

	Hashing         int64 `rt:"d.hashing,moving"`  // 0 not, 1 on start, 2 on finish, 3 on demand
	CompletedBytes  int64 `rt:"d.completed_bytes"` // bytes in verified pieces
	CompletedPieces int64 `rt:"d.completed_chunks"`
	HashedPieces    int64 `rt:"d.chunks_hashed,moving"` // of the check under way
	WantedPieces    int64 `rt:"d.wanted_chunks"`        // still to get with the files' priorities
	BytesDone       int64 `rt:"d.bytes_done"`           // bytes in received blocks
	LeftBytes       int64 `rt:"d.left_bytes"`           // bytes
	UpRate          int64 `rt:"d.up.rate,moving"`       // bytes/s
	DownRate        int64 `rt:"d.down.rate,moving"`     // bytes/s
	UpTotal         int64 `rt:"d.up.total"`             // bytes
	DownTotal       int64 `rt:"d.down.total"`           // bytes
	PeersConnected  int64 `rt:"d.peers_connected,moving"`
	PeersComplete   int64 `rt:"d.peers_complete,moving"` // of the connected ones

	Priority  int64  `rt:"d.priority,slow"`           // 0 off, 1 low, 2 normal, 3 high
	Started   int64  `rt:"d.timestamp.started,slow"`  // Unix seconds, 0 never
	Finished  int64  `rt:"d.timestamp.finished,slow"` // Unix seconds, 0 never
	BasePath  string `rt:"d.base_path,slow,hex"`      // "" until opened once in this run
	Directory string `rt:"d.directory_base,slow,text"`
	Message   string `rt:"d.message,slow,text,few"`
	Custom1   string `rt:"d.custom1,slow,text,few"`
	Custom2   string `rt:"d.custom2,slow,text"`
	AddTime   string `rt:"d.custom=addtime,rare,text"`

	ThrottleName string `rt:"d.throttle_name,slow,text,few"` // "" none, NoThrottle
	Group        int64  `rt:"d.group,slow"`                  // index of the choke group
	// ChokeGroup is the name of the group, that Group stands for.
	ChokeGroup        string
	PeersMax          int64  `rt:"d.peers_max,slow"` // 2^32-1 no limit
	PeersMin          int64  `rt:"d.peers_min,slow"`
	UploadsMax        int64  `rt:"d.uploads_max,slow"`              // 0 no limit
	ConnectionSeed    string `rt:"d.connection_seed,slow,text,few"` // wanted when complete, "" as protocol.connection.seed
	ConnectionCurrent string `rt:"d.connection_current,slow,few"`
}

// compact implements compacter: a torrent's name, folder and path are mostly
// parts of one text.
func (t *Torrent) compact() {
	if strings.HasPrefix(t.BasePath, t.Directory) {
		t.Directory = t.BasePath[:len(t.Directory)]
	}
	for _, path := range []string{t.BasePath, t.Directory} {
		if strings.HasSuffix(path, t.Name) {
			t.Name = path[len(path)-len(t.Name):]
			return
		}
	}
}

// Torrents is Table for the columns of some speeds, all if none is given.
func (c *Client) Torrents(ctx context.Context, prev func(hash []byte) *Torrent, speeds ...Speed) ([]*Torrent, error) {
	if len(speeds) == 0 {
		return c.Table(ctx, prev, AllColumns)
	}
	return c.Table(ctx, prev, c.ColumnsOf(speeds...))
}

// Table returns the rows of the view main in rTorrent's order. Only some
// columns are asked; the others are taken from the row that prev returns for
// the same info-hash, and a row in which nothing changed is that very row. A
// nil prev stands for none.
func (c *Client) Table(ctx context.Context, prev func(hash []byte) *Torrent, columns Columns) ([]*Torrent, error) {
	caps, err := c.Caps(ctx)
	if err != nil {
		return nil, err
	}
	expected, err := c.Count(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := c.loadTorrents(ctx, caps, int(expected), prev, columns)
	for c.dropRefused(err) {
		rows, err = c.loadTorrents(ctx, caps, int(expected), prev, columns)
	}
	if err != nil {
		return nil, err
	}
	c.lastRows.Store(int64(len(rows)))
	for i, t := range rows {
		rows[i] = c.correctName(caps, t)
	}
	return c.nameGroups(ctx, rows...), nil
}

func (c *Client) loadTorrents(ctx context.Context, caps *Caps, expected int, prev func(hash []byte) *Torrent, columns Columns) ([]*Torrent, error) {
	q := c.torrents.pick(c.asks(caps), columns)
	tc := tableCall{method: caps.multicall, args: []any{"", mainView}, name: fmt.Sprintf("torrents %x", columns), rows: expected}
	if c.isHeavy() && !q.jsonSafe {
		return c.loadHeavy(ctx, caps, tc, q, prev)
	}
	return loadTable(ctx, c, caps, tc, q, prev)
}

// Count returns how many torrents there were in the last table; before the first
// it asks. Strangers may not ask view.size; for them the hashes are counted,
// which are short enough to be asked at once.
func (c *Client) Count(ctx context.Context) (n int64, err error) {
	if n = c.lastRows.Load(); n > 0 {
		return n, nil
	}
	caps, err := c.Caps(ctx)
	if err != nil {
		return 0, err
	}
	if n = c.lastRows.Load(); n > 0 {
		return n, nil
	}
	err = c.Call(ctx, &n, "view.size", "", mainView)
	if !errors.Is(err, ErrUntrusted) {
		return n, err
	}
	var rows []any
	err = c.Call(ctx, &rows, caps.multicall, "", mainView, "d.hash=")
	return int64(len(rows)), err
}

// mainView is the view that holds every torrent.
const mainView = "main"

// Torrent returns one torrent's row, asked by itself: 0.5 ms where the whole
// table of 2,000 takes 150. (A value by hash costs a linear search in
// rTorrent, so this is for a few rows only.)
func (c *Client) Torrent(ctx context.Context, h Hash) (*Torrent, error) {
	return c.Do(ctx, h)
}
