#!/bin/sh
# Runs within mmdebstrap before customize.sh, for recipes of users: puts their files into the new root ($1) and runs their commands in it. What
# is to be added lies in the directory that is open as descriptor 3: `files/<n>`, `files.list` (mode, owner and path of each, by tabs), and
# `commands/<n>`, scripts of the shell.
set -eu
root=$1
from=/proc/self/fd/3

# All paths are looked up within the root, wherever links in it lead.
number=0
while IFS='	' read -r mode owner path; do
  echo "volary: file $path"
  chroot "$root" sh -c 'mkdir -p "${1%/*}/" && rm -f "$1" && cat > "$1" && chown "$2" "$1" && chmod "$3" "$1"' sh "$path" "$owner" "$mode" \
    < "$from/files/$number"
  number=$((number + 1))
done < "$from/files.list"

# Commands are somebody else's, and this may be the host's root. So they have namespaces of their own: no network, no process but theirs, no file
# but those of the new root, a /proc that nobody can write to, no /sys; and of root's capabilities those that files need.
for script in "$from"/commands/*; do
  [ -e "$script" ] || continue
  echo "volary: command ${script##*/}"
  unshare --mount --net --ipc --uts --pid --fork --kill-child=KILL -- sh -euc '
    root=$1
    mount --make-rprivate /
    mount --bind "$root" "$root"
    cd "$root"
    for place in proc sys dev; do while umount -l "$place" 2> /dev/null; do :; done; done
    mount -t tmpfs -o mode=0755,size=64k none dev
    for device in null zero full random urandom; do
      : > "dev/$device"
      mount --bind "/dev/$device" "dev/$device"
    done
    mount -t proc -o ro,nosuid,nodev,noexec none proc
    mkdir .host
    pivot_root . .host
    exec /usr/sbin/chroot . /bin/sh -euc "
      umount -l /.host
      rmdir /.host
      exec 3<&-
      exec /usr/bin/setpriv --bounding-set=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid --inh-caps=-all --no-new-privs -- \
        /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 /bin/sh -e"
  ' sh "$root" < "$script"
done
echo 'volary: added'
