#!/bin/sh
# boot.sh is run in the booted system, in the order of a bad day: the server
# comes up late, goes, comes back; rtfs is killed, and hangs; the system ends.
set -eu
export LC_ALL=C.UTF-8 TERM=dumb
me() { setpriv --reuid me --regid me --init-groups env HOME=/home/me XDG_RUNTIME_DIR=/run/user/1000 "$@"; }
user() { me systemctl --user "$@"; }
# until WHAT COMMAND...: waits up to a minute for a command to succeed.
until_() {
	what=$1
	shift
	for i in $(seq 300); do
		if "$@" >/dev/null 2>&1; then
			echo "ok: $what"
			return
		fi
		sleep 0.2
	done
	echo "FAILED: $what"
	user status rtfs --no-pager || true
	me cat /home/me/torrents/home/health || true
	exit 1
}
connected() { me cat /home/me/torrents/home/list.tsv >/dev/null 2>&1 || true; me grep -q "connected: $1" /home/me/torrents/home/health; }
automounted() { cat /mnt/rt/torrents/* >/dev/null 2>&1 || true; cat /mnt/rt/list.tsv >/dev/null; }
not() { ! "$@"; }

until_ "the system is up" systemctl is-active multi-user.target
until_ "the unit is active while the server is down" user is-active rtfs
until_ "health says so" connected 0
main=$(user show -p MainPID --value rtfs)

until_ "ls triggers the automount while the server is down" grep -q 'server: scgi' /mnt/rt/health
grep -q ' /mnt/rt fuse.rtfs ' /proc/mounts && echo "ok: it is mounted by fstab"

user start rtorrent
until_ "a server that is up late is shown" connected 1
until_ "in the automount, too" automounted
me grep -q 'connected: 0' /home/me/torrents/box/health && echo "ok: the other server is down, and its health says so"

user stop rtorrent
until_ "a server that is gone is told" connected 0
until_ "its list fails" not me cat /home/me/torrents/home/list.tsv
user start rtorrent
until_ "a server that is back is shown" connected 1
until_ "in the automount, too" automounted
test "$(user show -p MainPID --value rtfs)" = "$main" && echo "ok: by the same process"

kill -KILL "$main"
until_ "a killed rtfs is restarted, and what it left recovered" connected 1
main=$(user show -p MainPID --value rtfs)
kill -STOP "$main"
until_ "the watchdog restarts one that hangs" sh -c "test \"\$(setpriv --reuid me --regid me --init-groups env XDG_RUNTIME_DIR=/run/user/1000 systemctl --user show -p MainPID --value rtfs)\" != $main"
until_ "it serves again" connected 1

user stop rtfs
until_ "stopped, it is unmounted" not grep -q /home/me/torrents /proc/mounts
test "$(user show -p Result --value rtfs)" = success && echo "ok: it ended well"
user start rtfs
until_ "it is back for the shutdown" connected 1
echo all is well
systemctl poweroff --no-block
