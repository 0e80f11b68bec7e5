// Package rtorrent speaks to a running rTorrent. It knows nothing of files or
// caches.
//
// A Client carries calls over a Transport: SCGI on TCP or a Unix socket, or
// HTTP(S), in XML-RPC and, where rTorrent offers it, JSON-RPC. Tables (all
// torrents, the files of one torrent) are queried by the rt tags of the row
// types and read by narrow scanners, XML and JSON; everything small goes
// through an ordinary codec behind a sanitiser, because a torrent's name can
// hold bytes that no XML parser accepts.
//
// Errors are those of errors.go; a refusal in rTorrent's own words is a
// *Fault. Everything exported is safe for concurrent use, and every call ends
// at its context's deadline or at the client's timeout, whichever is first.
package rtorrent
