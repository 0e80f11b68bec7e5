package fs

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"

	"rtfs/rtorrent"
)

// A peer is one that a torrent is connected to.
type peer struct {
	hash rtorrent.Hash
	*rtorrent.Peer
}

// peerNodes is the table of a peer's directory.
func peerNodes() []Node[peer] {
	type T = peer
	return []Node[T]{
		text("address", "its IP address", "p.address", func(t *T) string { return t.Address }),
		integer("port", "its port; of an incoming connection, not the one it listens on", "p.port", func(t *T) int64 { return t.Port }),
		text("client", "its program", "p.client_version", func(t *T) string { return t.Client }),
		integer("progress", "how much of the torrent it has, in percent", "p.completed_percent", func(t *T) int64 { return t.Progress }),
		integer("up_rate", "upload to it, in bytes/s", "p.up_rate", func(t *T) int64 { return t.UpRate }),
		integer("down_rate", "download from it, in bytes/s", "p.down_rate", func(t *T) int64 { return t.DownRate }),
		integer("up_total", "uploaded to it, in bytes", "p.up_total", func(t *T) int64 { return t.UpTotal }),
		integer("down_total", "downloaded from it, in bytes", "p.down_total", func(t *T) int64 { return t.DownTotal }),
		boolean("encrypted", "1 if the connection is encrypted", "p.is_encrypted", func(t *T) bool { return t.IsEncrypted }),
		boolean("incoming", "1 if it made the connection", "p.is_incoming", func(t *T) bool { return t.IsIncoming }),
		writable(boolean("snubbed", "1 if nothing is uploaded to it", "p.snubbed p.snubbed.set", func(t *T) bool { return t.IsSnubbed }),
			setter[T]{words: flagWords(), plan: setPeerFlag(rtorrent.SnubPeer)}),
		writable(boolean("banned", "1 if it is not to be connected to again; that does not disconnect it", "p.banned p.banned.set", func(t *T) bool { return t.IsBanned }),
			setter[T]{words: flagWords(), plan: setPeerFlag(rtorrent.BanPeer)}),
		File[T]{Name: "ctl", Doc: "write disconnect; reading lists that", From: "p.disconnect", Read: renderPeerCtl,
			Set: &setter[T]{words: []string{peerDisconnect}, plan: controlPeer}},
	}
}

// setPeerFlag plans a write to one of a peer's flags.
func setPeerFlag(command func(rtorrent.Hash, string, bool) rtorrent.Command) func(*peer, string, bool) (action, error) {
	return func(t *peer, value string, _ bool) (action, error) {
		on, err := parseFlag(value)
		if err != nil {
			return nil, err
		}
		return apply(t.hash, command(t.hash, t.ID, on)), nil
	}
}

// peerDisconnect is what a peer's ctl takes.
const peerDisconnect = "disconnect"

func renderPeerCtl(context.Context, *driver, *peer) ([]byte, error) { return line(peerDisconnect), nil }

func controlPeer(t *peer, word string, _ bool) (action, error) {
	if word != peerDisconnect {
		return nil, invalid("ctl %q, want %s", word, peerDisconnect)
	}
	return apply(t.hash, rtorrent.DisconnectPeer(t.hash, t.ID)), nil
}

// newPeer is the file that takes new ones.
func newPeer() File[rtorrent.Torrent] {
	return File[rtorrent.Torrent]{Name: "new", Doc: "write IP addresses with a port, one a line, to connect to: 192.0.2.1:6881 or [2001:db8::1]:6881", From: "add_peer",
		Set: &setter[rtorrent.Torrent]{shape: shapeLines, plan: addPeers, needs: "d.is_private"}}
}

// addPeers plans a write to peers/new.
func addPeers(t *rtorrent.Torrent, value string, _ bool) (action, error) {
	var peers []netip.AddrPort
	for l := range strings.Lines(value) {
		if l = strings.TrimSpace(l); l == "" {
			continue
		}
		p, err := rtorrent.ParsePeer(l)
		if err != nil {
			return nil, invalid("%v", err)
		}
		peers = append(peers, p)
	}
	switch {
	case len(peers) == 0:
		return nil, invalid("no peer")
	case t.IsPrivate:
		return nil, invalid("a private torrent has its peers from its trackers alone")
	}
	commands := make([]rtorrent.Command, len(peers))
	for i, p := range peers {
		commands[i] = rtorrent.AddPeer(t.Hash, p)
	}
	return apply(t.Hash, commands...), nil
}

func peerReference(prefix string) []Line {
	dir := Dir[peer]{Name: "<id>", Doc: "one peer that the torrent is connected to, by its id", Nodes: peerNodes()}
	return append(newPeer().reference(prefix), dir.reference(prefix)...)
}

func openPeers(d *driver, s subject[rtorrent.Torrent]) directory {
	return &memberDir[peer]{
		d: d, subject: s, region: inoPeer, add: newPeer(), nodes: d.peerNodes,
		names: func(ctx context.Context) ([]string, error) {
			peers, err := d.cache.Peers(ctx, s.hash)
			var ids []string
			for _, p := range peers {
				if !slices.Contains(ids, p.ID) {
					ids = append(ids, p.ID)
				}
			}
			return ids, err
		},
		member: func(ctx context.Context, id string) (*peer, error) {
			peers, err := d.cache.Peers(ctx, s.hash)
			for _, p := range peers {
				if p.ID == id {
					return &peer{s.hash, p}, nil
				}
			}
			return nil, cmp.Or(err, errNoEntry)
		},
	}
}
