#!/bin/sh
# enter.sh runs a command in a root, in namespaces of its own: what is mounted
# and started there ends with it. For root.
#
#	unshare --fork --kill-child --pid --mount --uts --ipc --cgroup sh enter.sh ROOT COMMAND...
set -eu
root=$1
shift
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/dev"
for d in null zero full random urandom tty autofs; do
	touch "$root/dev/$d"
	mount --bind "/dev/$d" "$root/dev/$d"
done
# Open to all, as udev makes it.
mknod -m 666 "$root/dev/fuse" c 10 229
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts devpts "$root/dev/pts" -o newinstance,ptmxmode=666
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
cd "$root"
pivot_root . mnt
umount -l mnt
# apt may be told of a proxy in the environment.
exec env -u HOME -u XDG_CONFIG_HOME -u XDG_STATE_HOME -u XDG_RUNTIME_DIR container=rtfs PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
