#!/bin/sh
# deb.sh builds dist/rtfs_VERSION_ARCH.deb out of what `make install` installs.
#
#	scripts/deb.sh VERSION		(GOARCH=arm64 for another machine)
#
# It needs dpkg-deb and no more: no debhelper, no root. The same commit gives
# the same bytes.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."

arch=${GOARCH:-$(go env GOARCH)}
maintainer=${MAINTAINER:-"rtfs authors <$(git log -1 --format=%ae)>"}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

# v1.2-3-gabc is 1.2+3.gabc; a commit without a tag before it is 0~gabc.
version=$(printf '%s' "${1#v}" | sed 's/-dirty$/+dirty/; s/-\([0-9]*\)-g/+\1.g/; s/-/~/g')
case $version in
[0-9]*.*) ;;
*) version=0~git$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S).$version ;;
esac

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT HUP TERM
chmod 755 "$root"
mkdir "$root/build"
GOARCH=$arch make -s build OUT="$root/build/rtfs" VERSION="$1"
make -s install OUT="$root/build/rtfs" DESTDIR="$root" PREFIX=/usr SBIN=/usr/sbin ZSH=/usr/share/zsh/vendor-completions
rm -r "$root/build"
doc=$root/usr/share/doc/rtfs
mkdir -p "$doc" "$root/usr/share/lintian/overrides" "$root/DEBIAN"
gzip -9n "$root"/usr/share/man/man?/*
printf 'rtfs (%s) unstable; urgency=medium\n\n  * What is new tells CHANGELOG.md.\n\n -- %s  %s\n' \
	"$version" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.gz"
cp -R contrib/debian/copyright README.md CHANGELOG.md CONTRIBUTING.md docs "$doc/"
sed -i 's|(LICENSE)|(copyright)|' "$doc/README.md"
cp contrib/debian/lintian-overrides "$root/usr/share/lintian/overrides/rtfs"
find "$root" -type d -exec chmod 755 {} +
find "$root/usr/share" "$root/usr/lib" -type f -exec chmod 644 {} +
size=$(du -sk --apparent-size "$root" | cut -f1)
sed "s|@VERSION@|$version|; s|@ARCH@|$arch|; s|@MAINTAINER@|$maintainer|; s|@SIZE@|$size|" \
	contrib/debian/control.in >"$root/DEBIAN/control"
(cd "$root" && find usr -type f | sort | xargs md5sum >DEBIAN/md5sums)
chmod 644 "$root"/DEBIAN/*
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mkdir -p dist
dpkg-deb --root-owner-group -Zxz --build "$root" "dist/rtfs_${version}_$arch.deb"
