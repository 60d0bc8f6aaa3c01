#!/bin/sh
# Runs within mmdebstrap when all packages are installed: takes the kernel out of its package, finishes the root's
# configuration, and writes the root disk. $1 is the new root, VOLARY_KERNEL names the kernel's package. Without root
# privileges this runs as another user, who can find none of our directories by their paths. So results are written
# into files that are there already, in the directory that is open as descriptor 3: `vmlinuz`, `root.raw` (of the disk's
# size), and `list`: the kernel's version, then the installed packages, one a line.
set -eu
root=$1
out=/proc/self/fd/3

# Debian's tree has things in it that mmdebstrap needs to the end (its configuration of apt: were it gone, mmdebstrap's
# apt would work on the host) and that no machine should have (a ban on starting services). So the disk is made from a
# second tree, of links to the same files. Nothing below may write into a file there: files are removed and made anew.
disk=$root/disk
mkdir "$disk"
# What users have added may be written to: then the files are copies.
links=--link
[ ! -e "$out/add.sh" ] || links=
for entry in "$root"/*; do
  case ${entry##*/} in
    disk | dev | proc | sys | run | tmp | lost+found) ;;
    *) cp -a $links "$entry" "$disk/" ;;
  esac
done
mkdir -m 0755 "$disk/dev" "$disk/proc" "$disk/sys" "$disk/run"
mkdir -m 1777 "$disk/tmp" "$disk/run/lock"
rm -f "$disk/usr/sbin/policy-rc.d"
if [ -e "$disk/usr/sbin/start-stop-daemon.REAL" ]; then
  mv -f "$disk/usr/sbin/start-stop-daemon.REAL" "$disk/usr/sbin/start-stop-daemon"
fi
rm -f "$disk"/etc/apt/apt.conf.d/*mmdebstrap
sed -i '/unsafe-io/d' "$disk/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
find "$disk/var/lib/apt/lists" "$disk/var/cache/apt" "$disk/var/log/apt" "$disk/var/cache/ldconfig" -type f -delete
rm -f "$disk"/var/log/*.log "$disk"/etc/ssh/ssh_host_*

# The kernel package is unpacked, not installed: its scripts would build an initramfs of Debian's own, which is not used.
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
package=$(apt-cache depends --important "$VOLARY_KERNEL" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
mkdir "$root/kernel"
(cd "$root/kernel" && apt-get download -q "${package:-$VOLARY_KERNEL}" && dpkg-deb -x ./*.deb unpacked)
cat "$root"/kernel/unpacked/boot/vmlinuz-* > "$out/vmlinuz"
rm -rf "$disk/usr/lib/modules"
mv "$root/kernel/unpacked/lib/modules" "$disk/usr/lib/modules"
rm -rf "$root/kernel"
release=$(ls "$disk/usr/lib/modules")
chroot "$disk" depmod "$release"

# What makes each machine itself is left empty: the agent, or the machine's first use, fills it in.
make_file() {
  rm -f "$disk$1"
  printf "$2" > "$disk$1"
  chmod 0644 "$disk$1"
}
make_file /etc/hostname 'volary\n'
make_file /etc/hosts '127.0.0.1\tlocalhost\n127.0.1.1\tvolary\n::1\tlocalhost ip6-localhost ip6-loopback\n'
make_file /etc/resolv.conf ''
make_file /etc/machine-id ''
make_file /etc/fstab '/dev/vda / ext4 defaults 0 1\n'

printf '%s\n' "$release" > "$out/list"
chroot "$root" dpkg-query -W -f '${Package} ${Version}\n' >> "$out/list"

# Last of all: from here on the tree is somebody else's, and nothing of the host's may follow what is in it.
[ ! -e "$out/add.sh" ] || sh "$out/add.sh" "$disk"

# The features are listed, so that they are those of the guest's kernel and not those of whoever built the host's mke2fs.
# Room in the descriptor table (resize=, 4 TiB) lets the file system grow online quickly. It is changed in one transaction,
# a quarter of the journal at most: more room with a smaller journal, and growing fails. Beyond, ext4 goes on by meta_bg.
# Journal and inode tables are filled in when used.
mke2fs -q -F -t ext4 -L volary-root -b 4096 -I 256 -i 16384 -m 0 -J size=32 \
  -O none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum \
  -E lazy_itable_init=1,lazy_journal_init=1,nodiscard,resize=1073741824 -d "$disk" "$out/root.raw"
