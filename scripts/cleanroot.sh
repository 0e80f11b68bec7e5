#!/bin/sh
# cleanroot.sh makes a root of this distribution with nothing but apt in it, for
# tests that install what we package. For root.
#
#	scripts/cleanroot.sh DIR
#
# It asks the archive that the machine's own apt sources name. A second call
# takes what the first has put into ${RTFS_CACHE:-~/.cache/rtfs}.
set -eu
export LC_ALL=C
dir=$1
cache=${RTFS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rtfs}
# shellcheck disable=SC1091
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
tar=$cache/root-$suite.tar

if [ ! -f "$tar" ]; then
	lists=$(mktemp -d)
	uri=$(apt-get -o Dir::State::Lists="$lists" --print-uris update | sed -n "s|^'\(.*\)/dists/$suite/InRelease'.*|\1|p" | head -n 1)
	rm -rf "$lists"
	[ -n "$uri" ] || { echo "cleanroot: the apt sources of this machine name no archive of $suite" >&2; exit 1; }
	work=$(mktemp -d "$cache/.root.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT HUP TERM
	debootstrap --variant=minbase "$suite" "$work/root" "$uri" >&2
	tar -C "$work/root" -cf "$work/tar" .
	mv "$work/tar" "$tar"
fi
mkdir -p "$dir"
tar -C "$dir" -xf "$tar"
# apt inside is told of the same archive, in the same way.
rm -rf "$dir/etc/apt/sources.list" "$dir/etc/apt/sources.list.d"
cp -RL /etc/apt/. "$dir/etc/apt/"
mkdir -p "$dir/usr/share/keyrings"
cp -L /usr/share/keyrings/* "$dir/usr/share/keyrings/"
cp -L /etc/resolv.conf /etc/hosts "$dir/etc/"
