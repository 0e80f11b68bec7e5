#!/bin/sh
# prepare.sh is run in a clean root with our package as /rtfs.deb: makes a system
# that boots, with a user who has an rTorrent, our unit and a line in fstab.
set -eux
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
apt-get -qq -y update
apt-get -qq -y --no-install-recommends install /rtfs.deb rtorrent systemd-sysv dbus dbus-user-session libpam-systemd >/dev/null
systemctl mask systemd-networkd systemd-resolved systemd-timesyncd getty@tty1 console-getty
useradd -m -u 1000 -s /bin/sh me
mkdir -p /var/lib/systemd/linger /home/me/session /home/me/down /mnt/rt
touch /var/lib/systemd/linger/me
units=/home/me/.config/systemd/user
mkdir -p $units/default.target.wants $units/rtfs.service.d /home/me/.config/rtfs
ln -s /usr/lib/systemd/user/rtfs.service $units/default.target.wants/
# Restarted sooner than in earnest.
printf '[Service]\nWatchdogSec=5\nRestartSec=1\n' >$units/rtfs.service.d/test.conf
cat >$units/rtorrent.service <<-'END'
	[Service]
	ExecStartPre=-/bin/rm -f %h/r.sock %h/session/rtorrent.lock
	ExecStart=/usr/bin/rtorrent -n -o import=%h/rt.rc
END
cat >/home/me/rt.rc <<-'END'
	system.daemon.set = true
	session.path.set = /home/me/session
	directory.default.set = /home/me/down
	network.port_range.set = 51000-51010
	network.scgi.open_local = /home/me/r.sock
END
printf 'max-stale = 1s\n[home]\nserver = scgi:///home/me/r.sock\n[box]\nserver = scgi:///home/me/none.sock\n' >/home/me/.config/rtfs/config
chown -R me:me /home/me
echo 'scgi:///home/me/r.sock /mnt/rt fuse.rtfs noauto,x-systemd.automount,_netdev,allow_other,max_stale=1s,uid=1000,gid=1000 0 0' >/etc/fstab
: >/etc/machine-id
echo prepared
