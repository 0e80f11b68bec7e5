#!/bin/sh
# dist.sh builds dist/rtfs-VERSION-linux-ARCH.tar.gz with a static binary for
# each architecture, and their checksums in dist/SHA256SUMS.
#
#	scripts/dist.sh VERSION
#
# The same commit gives the same bytes.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT HUP TERM
mkdir -p dist
rm -f dist/SHA256SUMS
for arch in amd64 arm64; do
	name=rtfs-${1#v}-linux-$arch
	mkdir "$work/$name"
	GOARCH=$arch make -s size VERSION="$1" OUT="$work/$name/rtfs"
	cp -R LICENSE README.md CHANGELOG.md CONTRIBUTING.md docs contrib/man contrib/completions contrib/systemd "$work/$name/"
	tar --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --mode=u+rw,go+r-w -C "$work" -c "$name" |
		gzip -9n >"dist/$name.tar.gz"
	(cd dist && sha256sum "$name.tar.gz" >>SHA256SUMS)
done
cat dist/SHA256SUMS
