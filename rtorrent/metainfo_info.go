package rtorrent

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"math"
)

// checkInfo asks for an info dictionary.
func (d *draft) checkInfo() error {
	info, found := d.keep["info"]
	switch {
	case isDictionary(info):
		return nil
	case found:
		return errors.New("info is not a dictionary")
	case hasKey(d.root, "magnet-uri"):
		return errors.New("it holds only a magnet link")
	default:
		return errors.New("it has no info dictionary")
	}
}

func (d *draft) checkOrder() error {
	info := d.keep["info"]
	if _, err := (&walker{b: info, depth: maxTorrentDepth, strict: true}).dictionary(); err != nil {
		return fmt.Errorf("info is not in canonical form: %w", err)
	}
	d.info = map[string][]byte{}
	for key, value := range entriesOf(info) {
		switch string(key) {
		case "files", "file tree", "length", "meta version", "meta_download", "name", "piece length", "pieces", "private":
			d.info[string(key)] = value
		default:
			if bytes.HasPrefix(key, []byte("name.")) && isString(value) {
				d.names = append(d.names, value)
			}
		}
	}
	return nil
}

func (d *draft) checkMetaDownload() error {
	if d.info["meta_download"] != nil {
		return errors.New("info has meta_download, which only rTorrent itself may write")
	}
	return nil
}

func (d *draft) checkVersion() error {
	if d.info["pieces"] == nil && (d.info["file tree"] != nil || d.info["meta version"] != nil) {
		return errors.New("it is a version 2 torrent (BEP 52) without the version 1 part that rTorrent needs")
	}
	return nil
}

func (d *draft) checkName() error {
	name, ok := stringOf(d.info["name"])
	if !ok {
		return errors.New("name is missing or not a string")
	}
	if err := checkComponent(name); err != nil {
		return fmt.Errorf("name %w", err)
	}
	for _, value := range d.names {
		variant, _ := stringOf(value)
		if err := checkComponent(variant); err != nil {
			return fmt.Errorf("name in another encoding %w", err)
		}
	}
	d.m.Name = string(name)
	return nil
}

// checkComponent says what is wrong with a name or a component of a path.
func checkComponent(c []byte) error {
	switch {
	case len(c) == 0:
		return errors.New("is empty")
	case len(c) > maxName:
		return fmt.Errorf("is over %d bytes", maxName)
	case string(c) == "." || string(c) == "..":
		return fmt.Errorf("is %q", c)
	case bytes.IndexByte(c, '/') >= 0:
		return errors.New("holds a slash")
	case bytes.IndexByte(c, 0) >= 0:
		return errors.New("holds a NUL byte")
	}
	return nil
}

func (d *draft) checkPieceLength() error {
	n, ok := integerOf(d.info["piece length"])
	if !ok {
		return errors.New("piece length is missing or not an integer")
	}
	if n < minPieceLength || n > maxPieceLength {
		return fmt.Errorf("piece length is %d, want %d to %d", n, minPieceLength, maxPieceLength)
	}
	d.m.PieceLength = n
	return nil
}

func (d *draft) checkSize() error {
	if d.m.Size == 0 {
		return errors.New("it has no data: every file is empty")
	}
	return nil
}

func (d *draft) checkPieces() error {
	pieces, ok := stringOf(d.info["pieces"])
	if !ok {
		return errors.New("pieces is missing or not a string")
	}
	if len(pieces)%sha1.Size != 0 {
		return fmt.Errorf("pieces has %d bytes, not a multiple of %d", len(pieces), sha1.Size)
	}
	want := (d.m.Size-1)/d.m.PieceLength + 1
	if want != int64(len(pieces)/sha1.Size) {
		return fmt.Errorf("pieces is for a torrent of %d pieces, the files make %d", len(pieces)/sha1.Size, want)
	}
	d.m.Pieces, d.m.pieces = int(want), string(pieces)
	return nil
}

// addLength adds a file's length to the torrent's, which must not overflow.
func (d *draft) addLength(v []byte) (n int64, err error) {
	n, ok := integerOf(v)
	switch {
	case !ok:
		return 0, errors.New("length is missing or not an integer")
	case n < 0:
		return 0, fmt.Errorf("length is %d", n)
	case n > math.MaxInt64-d.m.Size:
		return 0, errors.New("the lengths add up to over 2^63")
	}
	d.m.Size += n
	return n, nil
}
