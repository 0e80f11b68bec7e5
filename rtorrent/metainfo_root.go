package rtorrent

import (
	"crypto/sha1"
	"fmt"

	"github.com/anacrolix/torrent/bencode"
)

// rootKeys are what is kept of a .torrent's root. A value of another kind is
// dropped: rTorrent ignores it, or refuses the torrent for it.
var rootKeys = map[string]func(v []byte) bool{
	"announce":      isString,
	"announce-list": isList,
	"comment":       isString,
	"created by":    isString,
	"creation date": isInteger,
	"encoding":      isString,
	"info":          func([]byte) bool { return true },
	"url-list":      func(v []byte) bool { return isString(v) || isListOfStrings(v) },
}

func isString(v []byte) bool {
	_, ok := stringOf(v)
	return ok
}

func isInteger(v []byte) bool {
	_, ok := integerOf(v)
	return ok
}

func isListOfStrings(v []byte) bool {
	for item := range itemsOf(v) {
		if !isString(item) {
			return false
		}
	}
	return isList(v)
}

func hasKey(dictionary []byte, name string) bool {
	for key := range entriesOf(dictionary) {
		if string(key) == name {
			return true
		}
	}
	return false
}

// checkRoot picks what is kept of the root. Its order does not matter, since
// it is encoded anew.
func (d *draft) checkRoot() error {
	d.keep = map[string]bencode.Bytes{}
	seen := map[string]bool{}
	for key, value := range entriesOf(d.root) {
		right, known := rootKeys[string(key)]
		if !known {
			continue
		}
		if seen[string(key)] {
			return fmt.Errorf("%s is given twice", key)
		}
		seen[string(key)] = true
		if right(value) {
			d.keep[string(key)] = value
		}
	}
	return nil
}

// checkTrackers reads the trackers as rTorrent does: announce counts where
// announce-list has no tier. Tiers that hold none are left out, since rTorrent
// would let them hide announce.
func (d *draft) checkTrackers() error {
	count := 0
	for tier := range itemsOf(d.keep["announce-list"]) {
		var urls []string
		for item := range itemsOf(tier) {
			url, ok := stringOf(item)
			if !ok {
				continue
			}
			if count++; count <= maxTrackers {
				urls = append(urls, string(url))
			}
		}
		if len(urls) > 0 {
			d.m.Trackers = append(d.m.Trackers, urls)
		}
	}
	if count > maxTrackers {
		return fmt.Errorf("announce-list has %d trackers, at most %d", count, maxTrackers)
	}
	delete(d.keep, "announce-list")
	if len(d.m.Trackers) > 0 {
		list, err := bencode.Marshal(d.m.Trackers)
		if err != nil {
			return fmt.Errorf("encode announce-list: %w", err)
		}
		d.keep["announce-list"] = list
	} else if url, ok := stringOf(d.keep["announce"]); ok {
		d.m.Trackers = [][]string{{string(url)}}
	}
	return nil
}

// metainfo returns the torrent, once every rule holds.
func (d *draft) metainfo() (*Metainfo, error) {
	info := d.keep["info"]
	encoded, err := bencode.Marshal(d.keep)
	if err != nil {
		return nil, fmt.Errorf("encode the .torrent: %w", err)
	}
	private, _ := integerOf(d.info["private"])
	d.m.Private = private == 1
	d.m.Hash = Hash(fmt.Sprintf("%X", sha1.Sum(info)))
	d.m.encoded = encoded
	return &d.m, nil
}
