package rtorrent

import (
	"context"
	"fmt"
	"net/netip"
)

// A Peer is one that a torrent is connected to. It is never changed once it
// has been returned.
type Peer struct {
	ID          string `rt:"p.id"` // 40 upper-case hexadecimal digits
	Address     string `rt:"p.address"`
	Port        int64  `rt:"p.port"`
	Client      string `rt:"p.client_version"`
	Progress    int64  `rt:"p.completed_percent"`
	UpRate      int64  `rt:"p.up_rate"`    // bytes/s, to the peer
	DownRate    int64  `rt:"p.down_rate"`  // bytes/s, from the peer
	UpTotal     int64  `rt:"p.up_total"`   // bytes
	DownTotal   int64  `rt:"p.down_total"` // bytes
	IsEncrypted bool   `rt:"p.is_encrypted"`
	IsIncoming  bool   `rt:"p.is_incoming"` // the peer made the connection
	IsSnubbed   bool   `rt:"p.snubbed"`     // nothing is uploaded to it
	IsBanned    bool   `rt:"p.banned"`
}

// Peers returns the peers that a torrent is connected to.
func (c *Client) Peers(ctx context.Context, h Hash) ([]*Peer, error) {
	caps, err := c.Caps(ctx)
	if err != nil {
		return nil, err
	}
	q := c.peers.query(caps.Has)
	return loadTable(ctx, c, caps, tableCall{method: "p.multicall", args: []any{string(h), ""}, name: "peers"}, q, nil)
}

// peerCommand is a command on one peer. Its id was checked by Peers: it is
// compared in rTorrent, which refuses what it does not know.
func peerCommand(h Hash, id, method string, args ...any) Command {
	return Command{call: call{method, append([]any{string(h) + ":p" + id}, args...)}, changes: connections}
}

// SnubPeer stops uploading to a peer, or takes it up again.
func SnubPeer(h Hash, id string, on bool) Command {
	return peerCommand(h, id, "p.snubbed.set", on)
}

// BanPeer marks a peer as one not to be connected to again, or takes that
// back. It stays connected until it is disconnected.
func BanPeer(h Hash, id string, on bool) Command { return peerCommand(h, id, "p.banned.set", on) }

// DisconnectPeer ends the connection to a peer.
func DisconnectPeer(h Hash, id string) Command { return peerCommand(h, id, "p.disconnect") }

// AddPeer connects to a peer. Its address is a number, checked by ParsePeer:
// a host's name of 64 letters ends rTorrent 0.16.
func AddPeer(h Hash, peer netip.AddrPort) Command {
	return command(h, connections, "add_peer", peer.String())
}

// ParsePeer reads 192.0.2.1:6881 or [2001:db8::1]:6881.
func ParsePeer(s string) (netip.AddrPort, error) {
	peer, err := netip.ParseAddrPort(s)
	switch {
	case err != nil:
		return peer, fmt.Errorf("peer %.60q: want 192.0.2.1:6881 or [2001:db8::1]:6881", s)
	case peer.Port() == 0 || peer.Addr().Zone() != "" || peer.Addr().IsUnspecified() || peer.Addr().IsMulticast():
		return peer, fmt.Errorf("peer %.60q: no address of a peer", s)
	}
	return netip.AddrPortFrom(peer.Addr().Unmap(), peer.Port()), nil
}
