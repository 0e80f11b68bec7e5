// Package bench measures rtfs with many torrents, on real rTorrents and on a
// fake with more rows than one can load, beside what a user would do instead:
// Python's XML-RPC, one call for each value, and the same tree on tmpfs. `make
// bench` runs it and writes docs/benchmarks.md. It is all in files with the
// build tag bench.
package bench
