#!/bin/sh
# Runs within mmdebstrap when all packages are installed: takes the kernel out of its package, finishes the root's
# configuration, and writes the root disk. $1 is the new root, VOLARY_KERNEL names the kernel's package. Without root
# privileges this runs as another user, who can find none of our directories by their paths. So results are written
# into files that are there already, in the directory that is open as descriptor 3: `vmlinuz`, `root.raw` (of the disk's
# size), and `list`: the kernel's version, then the installed packages, one a line.
set -eu
root=$1
out=/proc/self/fd/3

# The kernel package is unpacked, not installed: its scripts would build an initramfs of Debian's own, which is not used.
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
package=$(apt-cache depends --important "$VOLARY_KERNEL" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
mkdir "$root/kernel"
(cd "$root/kernel" && apt-get download -q "${package:-$VOLARY_KERNEL}" && dpkg-deb -x ./*.deb unpacked)
cat "$root"/kernel/unpacked/boot/vmlinuz-* > "$out/vmlinuz"
rm -rf "$root/usr/lib/modules"
mv "$root/kernel/unpacked/lib/modules" "$root/usr/lib/modules"
rm -rf "$root/kernel"
release=$(ls "$root/usr/lib/modules")
chroot "$root" depmod "$release"
printf '%s\n' "$release" > "$out/list"

# What makes each machine itself is left empty: the agent, or the machine's first use, fills it in.
echo volary > "$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n127.0.1.1\tvolary\n::1\tlocalhost ip6-localhost ip6-loopback\n' > "$root/etc/hosts"
rm -f "$root/etc/resolv.conf" "$root"/etc/ssh/ssh_host_*
: > "$root/etc/resolv.conf"
: > "$root/etc/machine-id"
chmod 0644 "$root/etc/hostname" "$root/etc/hosts" "$root/etc/resolv.conf" "$root/etc/machine-id"
printf '/dev/vda / ext4 defaults 0 1\n' > "$root/etc/fstab"
# How the root was built is no setting of the machine that comes of it.
rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/log/*.log "$root"/tmp/*
chroot "$root" dpkg-query -W -f '${Package} ${Version}\n' >> "$out/list"

# The root disk. mke2fs would also copy what is mounted below the root, such as /proc, so it is given a view without mounts.
view=$(mktemp -d)
mount --bind "$root" "$view"
trap 'umount "$view"; rmdir "$view"' EXIT
# The features are listed, so that they are those of the guest's kernel and not those of whoever built the host's mke2fs.
# Room in the descriptor table (resize=) lets the file system grow online; journal and inode tables are filled in when used.
mke2fs -q -F -t ext4 -L volary-root -b 4096 -I 256 -i 16384 -m 0 -J size=16 \
  -O none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum \
  -E lazy_itable_init=1,lazy_journal_init=1,nodiscard,resize=2147483648 -d "$view" "$out/root.raw"
