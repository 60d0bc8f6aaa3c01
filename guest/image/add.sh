#!/bin/sh
# Runs at the end of customize.sh, for recipes of users: puts their files into the tree of the disk ($1) and runs their commands in it. What
# is to be added lies in the directory that is open as descriptor 3: `files/<n>`, `files.list` (mode, owner and path of each, by tabs), and
# `commands/<n>`, scripts of the shell. None may write a file larger than the disk (`root.raw`), nor all together more.
set -eu
root=$1
from=/proc/self/fd/3
size=$(stat -c %s "$from/root.raw")

# What is in the tree is somebody else's from the first file on, its programs and links too, and this may be the host's root. So nothing of it is
# run, and no path in it is gone to, but from within, with namespaces of its own: no network, no process but its own, no file but those of the
# tree, a /proc that nobody can write to, no /sys; and of root's capabilities those that files need. The host's perl shuts the door behind itself: a
# program that did it from within would be one of the tree.
confined() {
  prlimit --fsize="$size" --core=0 -- unshare --mount --net --ipc --uts --pid --fork --kill-child=KILL -- sh -euc '
    mount --make-rprivate /
    mount --bind "$1" "$1"
    cd "$1"
    shift
    for place in dev proc; do
      if [ -L "$place" ] || [ ! -d "$place" ]; then
        echo "/$place is no directory any more" >&2
        exit 1
      fi
    done
    mount -t tmpfs -o mode=0755,size=64k none dev
    for device in null zero full random urandom; do
      : > "dev/$device"
      mount --bind "/dev/$device" "dev/$device"
    done
    mount -t proc -o ro,nosuid,nodev,noexec none proc
    exec perl -e "$CONFINE" "$@"
  ' sh "$root" "$@"
}

# Numbers of system calls are those of x86-64. Capabilities: chown, dac_override, fowner, fsetid, kill, setgid, setuid.
CONFINE='
  use strict;
  use POSIX ();
  my ($keep, $here) = (0xfb, ".");
  my $must = sub { my $what = shift; syscall($_[0], @_[1 .. $#_]) == 0 or die "$what: $!\n" };
  $must->("pivot_root", 155, $here, $here);
  $must->("umount2", 166, $here, 2);
  chdir "/" or die "chdir: $!\n";
  POSIX::close($_) for 3 .. 1023;
  $must->("no_new_privs", 157, 38, 1, 0, 0, 0);
  $must->("ambient", 157, 47, 4, 0, 0, 0);
  for my $capability (0 .. 63) {
    next if $keep >> $capability & 1;
    next if syscall(157, 24, $capability, 0, 0, 0) == 0;
    # The kernel knows no more of them.
    last if $! == POSIX::EINVAL;
    die "capbset: $!\n";
  }
  my ($header, $sets) = (pack("Ll", 0x20080522, 0), pack("L6", $keep, $keep, 0, 0, 0, 0));
  $must->("capset", 126, $header, $sets);
  %ENV = (PATH => "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME => "/root", LC_ALL => "C.UTF-8");
  exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\n";
'
export CONFINE

number=0
while IFS='	' read -r mode owner path; do
  echo "volary: file $path"
  confined /bin/sh -c 'mkdir -p "${1%/*}/" && rm -f "$1" && cat > "$1" && chown "$2" "$1" && chmod "$3" "$1"' sh "$path" "$owner" "$mode" \
    < "$from/files/$number"
  number=$((number + 1))
done < "$from/files.list"

for script in "$from"/commands/*; do
  [ -e "$script" ] || continue
  echo "volary: command ${script##*/}"
  # As an argument: a program in it that reads its input would eat the rest of the script.
  confined /bin/sh -ec "$(cat "$script")" < /dev/null
  sh "$from/require-room.sh" "$root" "$size"
done

# No machine starts with what was left here.
confined /bin/sh -c 'rm -rf /tmp/* /tmp/.[!.]* /run/* && mkdir -m 1777 /run/lock' < /dev/null
sh "$from/require-room.sh" "$root" "$size"
echo 'volary: added'
