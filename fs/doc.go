// Package fs is the tree: it shows the torrents of a cache as files.
//
// The tree is declared, in tree.go and torrent.go: one row a file, from which
// its mode, its content, the columns of list.tsv, the reference in the README
// and the tests follow. A row about a T is a File[T], Dir[T] or List[T, C]; it
// is bound to one subject (which torrent, say) by a subject[T], which finds
// the T in the present snapshot each time. Nodes keep no T beyond an
// operation, so a torrent that is gone is ENOENT, not yesterday's text.
//
// Only the files that declare nodes, handles and notices to the kernel know
// go-fuse. Nodes but those of values hold no locks; what has state (the log, drops in
// add/, inode numbers) is in small types of its own with theirs.
//
// A value of a torrent is served from the kernel's page cache, one inode for each
// version of it (valuenode.go), and each open is asked whether that is still the
// present one; push and visits tell the kernel what to look up again and what to
// forget. The text of any other file is rendered when it is opened and held by
// that handle. A write is carried out by write(2) and its errno is the answer. All
// errors become errno in errno.go, and what becomes EIO has a line in the log.
package fs
