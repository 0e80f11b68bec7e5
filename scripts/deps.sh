#!/bin/sh
# deps.sh installs what demo, tests and checks need and this machine lacks.
#
#	scripts/deps.sh [run|test|check|long]...	(without an argument: the first three)
#
# run     FUSE, and an rTorrent of each series: 0.9.8 and 0.16
# test    the programs that the tests let loose on a mount, and gotestsum,
#         which runs them, into "$(go env GOPATH)/bin"
# long    what only make test-long needs, govulncheck into "$(go env GOPATH)/bin"
# check   staticcheck, into "$(go env GOPATH)/bin"
#
# The system has one rTorrent. The other series is taken from another suite of
# the same distribution and unpacked, with all its libraries, into
# ${RTFS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rtfs}/rtorrent-SERIES/, where a
# script named rtorrent starts it by its own loader. Nothing of the system's is
# touched by that. The mirror is the one in the machine's own apt sources.
#
# It is quick when nothing is missing, safe to run twice at once, and leaves
# nothing half unpacked when it is interrupted.
set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

staticcheck_version=v0.8.2
gotestsum_version=v1.13.0
govulncheck_version=v1.9.0

# Programs and the Debian packages they come in.
run_programs='
rtorrent     rtorrent
fusermount3  fuse3
'
test_programs='
busybox      busybox
rsync        rsync
gio          libglib2.0-bin
python3      python3
perl         perl-base
vim          vim
nano         nano
pgrep        procps
column       bsdextrautils
'

long_programs='
ffmpeg       ffmpeg
debootstrap  debootstrap
lintian      lintian
man          man-db
curl         curl
wget         wget
unzip        unzip
kioclient5   kde-cli-tools
thunar       thunar
Xvfb         xvfb
xdotool      xdotool
openbox      openbox
dbus-daemon  dbus-daemon
zsh          zsh
fish         fish
sshd         openssh-server
ssh          openssh-client
systemctl    systemd
file         file
'

say() { printf 'rtfs: deps: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# missing prints the packages of those "program package" lines whose program
# is not here. Some programs live in sbin, which is in root's PATH only.
missing() {
	printf '%s\n' "$1" | while read -r program package; do
		[ -z "$program" ] && continue
		PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null || printf '%s ' "$package"
	done
}

# install_packages installs the packages given, by apt, as root or by sudo.
install_packages() {
	command -v apt-get >/dev/null ||
		die "cannot install $*: there is no apt-get here: install them with this system's package manager"
	sudo=
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null ||
			die "cannot install $*: not root, and there is no sudo: as root, run apt-get install $*"
		sudo=sudo
	fi
	say "installing $*"
	apt="$sudo env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300"
	$apt update || say "apt-get update: some package lists could not be fetched: going on with those at hand"
	$apt install --no-install-recommends "$@" >&2 ||
		die "cannot install $*: apt-get failed as told above: install what it names, then run this again"
}

# version_of prints the version that the rTorrent binary given tells of itself.
version_of() {
	"$1" -h 2>/dev/null </dev/null | sed -n 's/.*client version \([0-9][0-9.]*[0-9]\).*/\1/p' | head -n 1
}

# is_of reports whether the version $1 is of the series $2: 0.16.17 is of 0.16.
is_of() {
	case $1 in
	"$2" | "$2".*) return 0 ;;
	esac
	return 1
}

cache=${RTFS_CACHE:-${XDG_CACHE_HOME:-${HOME:?is not set}/.cache}/rtfs}

# have_series reports whether an rTorrent of the series is there and runs.
have_series() {
	is_of "$(version_of rtorrent)" "$1" || is_of "$(version_of "$cache/rtorrent-$1/rtorrent")" "$1"
}

# release prints a field of os-release: ID is debian, VERSION_CODENAME bookworm.
release() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" /etc/os-release; }

# suites_with prints the suites that may hold the series, best first.
suites_with() {
	case $1:$(release ID) in
	0.16:debian) echo forky testing sid ;;
	0.16:ubuntu) echo devel ;;
	0.9.8:debian) echo trixie bookworm ;;
	0.9.8:ubuntu) echo noble jammy ;;
	esac
}

# mirror prints the URI of the distribution's archive, as apt itself reads it
# from the machine's sources: that of the entry for this very release, else of
# the first which is no updates or security archive.
mirror() {
	apt-get -o Dir::State::Lists="$1" --print-uris update | sed -n "s|^'\(.*\)/dists/\([^ ]*\)/InRelease'.*|\2 \1|p" |
		awk -v codename="$(release VERSION_CODENAME)" '
			$1 == codename && !exact { exact = $2 }
			$1 !~ /-/ && !first { first = $2 }
			END { print exact ? exact : first }'
}

# unpack_series downloads the rTorrent of a series, with every package it
# depends on, and puts it into the cache.
unpack_series() {
	series=$1
	hint="put an rtorrent $series into PATH, or make its packages reachable by apt, then run this again"
	command -v apt-get >/dev/null || die "rtorrent $series is missing, and there is no apt-get here: $hint"
	mkdir -p "$cache"
	find "$cache" -maxdepth 1 -name '.unpack.*' -mmin +60 -exec rm -rf {} +
	work=$(mktemp -d "$cache/.unpack.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT HUP TERM
	mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/apt/sources"
	: >"$work/apt/status"

	uri=$(mirror "$work/apt/lists")
	[ -n "$uri" ] || die "rtorrent $series is missing, and the apt sources of this machine name no archive: $hint"
	keyring=/usr/share/keyrings/$(release ID)-archive-keyring.gpg
	components=main
	[ "$(release ID)" = ubuntu ] && components='main universe'
	found=''
	reached=''
	for suite in $(suites_with "$series"); do
		printf 'deb %s%s %s %s\n' "$([ -r "$keyring" ] && echo "[signed-by=$keyring] ")" \
			"$uri" "$suite" "$components" >"$work/apt/sources/suite.list"
		say "looking for rtorrent $series in $suite"
		private_apt apt-get -qq -o APT::Update::Error-Mode=any update || continue
		reached=yes
		found=$(private_apt apt-cache policy rtorrent | sed -n 's/^ *Candidate: *\([0-9]*:\)\{0,1\}\([0-9][0-9.]*\).*/\2/p')
		is_of "$found" "$series" && break
		say "$suite has ${found:-no rtorrent}"
		found=
	done
	[ -n "$reached" ] || die "rtorrent $series is missing, and no suite that may have it could be read from the archive: $hint"
	[ -n "$found" ] || die "rtorrent $series is missing, and no suite of this distribution has it: $hint"

	say "unpacking rtorrent $found into $cache/rtorrent-$series"
	private_apt apt-get -qq -y --download-only --no-install-recommends install rtorrent >&2 ||
		die "rtorrent $found of $suite cannot be downloaded, as told above: $hint"
	mkdir "$work/root"
	for deb in "$work"/apt/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$work/root" || die "cannot unpack ${deb##*/}: is the disk full?"
	done
	rm -rf "$work/apt" "$work/root/usr/share/doc" "$work/root/usr/share/locale"
	write_starter "$work"
	is_of "$(version_of "$work/rtorrent")" "$series" ||
		die "rtorrent $found of $suite does not run on this machine: run $work/rtorrent -h to see why"
	rm -rf "$cache/rtorrent-$series"
	chmod 755 "$work"
	mv -T "$work" "$cache/rtorrent-$series" 2>/dev/null || have_series "$series" ||
		die "cannot put rtorrent $found into $cache/rtorrent-$series: remove that directory, then run this again"
	rm -rf "$work"
	trap - EXIT INT HUP TERM
}

# private_apt runs an apt command that knows of the one suite only and of no
# installed package, and writes nowhere but into the work directory.
private_apt() {
	command=$1
	shift
	"$command" -o Dir::State="$work/apt" -o Dir::State::Lists="$work/apt/lists" -o Dir::State::status="$work/apt/status" \
		-o Dir::Cache="$work/apt/cache" -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/apt/sources" \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
		-o Acquire::Languages=none -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=1 "$@"
}

# write_starter writes the script that starts the unpacked rTorrent by its own
# loader, since the system's may be older than its libraries. It works
# wherever the directory is moved to.
write_starter() {
	loader=
	for f in "$1"/root/usr/lib/*/ld-linux*.so.? "$1"/root/lib/*/ld-linux*.so.?; do
		[ -f "$f" ] && loader=${f#"$1"/} && break
	done
	[ -n "$loader" ] || die "the packages of rtorrent hold no loader that is known here: this machine's architecture is not supported"
	triplet=$(basename "$(dirname "$loader")")
	cat >"$1/rtorrent" <<-END
		#!/bin/sh
		here=\$(dirname "\$(readlink -f "\$0")")
		exec "\$here/$loader" --library-path "\$here/root/usr/lib/$triplet:\$here/root/lib/$triplet" "\$here/root/usr/bin/rtorrent" "\$@"
	END
	chmod 755 "$1/rtorrent"
}

# install_tool installs a Go program of exactly the version given, into GOPATH's
# bin: name, flag that prints the version, module path, version.
install_tool() {
	command -v go >/dev/null || die "go is missing: install Go, of the version go.mod names or newer, and put it into PATH"
	case $("$(go env GOPATH)/bin/$1" "$2" 2>/dev/null) in
	*"${4#v}"*) return ;;
	esac
	say "installing $1 $4"
	go install "$3@$4" || die "cannot install $1 $4: go install failed as told above"
}

[ $# -gt 0 ] || set -- run test check
for part; do
	packages=
	case $part in
	run) packages=$(missing "$run_programs") ;;
	test)
		packages=$(missing "$test_programs")
		install_tool gotestsum --version gotest.tools/gotestsum "$gotestsum_version"
		;;
	check) install_tool staticcheck -version honnef.co/go/tools/cmd/staticcheck "$staticcheck_version" ;;
	long)
		packages=$(missing "$long_programs")
		install_tool govulncheck -version golang.org/x/vuln/cmd/govulncheck "$govulncheck_version"
		;;
	*) die "$part: not one of run, test, check, long" ;;
	esac
	# shellcheck disable=SC2086
	[ -z "$packages" ] || install_packages $packages
	[ "$part" = run ] || continue
	for series in 0.9.8 0.16; do
		have_series "$series" || unpack_series "$series"
	done
done
