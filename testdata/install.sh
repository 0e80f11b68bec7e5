#!/bin/sh
# install.sh is run in a clean root with our package as /rtfs.deb: installs it by
# apt, tries it, removes it.
set -eux
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
apt="apt-get -qq -y"
$apt update
$apt install /rtfs.deb >/dev/null

rtfs version
test "$(readlink -f "$(command -v mount.fuse.rtfs)")" = /usr/bin/rtfs
test -s /usr/share/bash-completion/completions/rtfs
test -e /usr/lib/systemd/user/rtfs.service
mkdir /tmp/rt
rtfs demo /tmp/rt >/tmp/demo 2>&1 &
demo=$!
for i in $(seq 300); do
	grep -q 'Ctrl-C ends it' /tmp/demo && break
	sleep 0.2
done
cat /tmp/demo
grep -q 'rtfs-demo' /tmp/rt/list.tsv
test "$(cat /tmp/rt/by-name/rtfs-demo/size)" = 25165824
echo demo > /tmp/rt/by-name/rtfs-demo/tags
test "$(ls /tmp/rt/by-tag/demo)" = rtfs-demo
kill "$demo"
wait "$demo"
test -z "$(ls /tmp/rt)"

$apt purge rtfs >/dev/null
test -z "$(find / -xdev -name '*rtfs*' -not -path '/proc/*' -not -name rtfs.deb -not -path '/var/log/*' -not -path '/var/cache/*')"
echo installed, tried and removed
