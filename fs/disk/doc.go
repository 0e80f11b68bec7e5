// Package disk plans and carries out what rtfs does to payload files: deleting
// those of one torrent, and moving them. It knows nothing of rTorrent and FUSE;
// it is given the files that torrents claim (Torrent) and acts on local paths.
//
// Nothing is ever unlinked under the path it was planned by. A file that is to
// go is renamed first, inside its own directory, into a box, a directory
// `.rtfs-delete-<HASH>` that this package made; the caller looks again at what
// all torrents claim; and only what is in a box, and still is the very inode
// that was planned, is unlinked. A moved file is unlinked at its old place only
// after its copy was read back.
//
// Directories are opened component by component, relative to each other and
// without following a symbolic link below the torrent's parent directory, and
// a rename never replaces anything. os.Root would follow links that stay
// inside it; a torrent's files have none.
//
// All changes go through Dir, which tells each to a Hook before it happens.
// Tests make steps fail there, or end there as a crash would: no change is
// undone by a deferred function.
//
// The types are for one goroutine at a time, but for what says otherwise.
// Errors wrap those of the system, and ErrChanged where the disk is not as it
// was when it was looked at.
package disk
