#!/bin/sh
# Runs within mmdebstrap when all packages are installed: takes the kernel out of its package, finishes the root's
# configuration, and writes the root disk. $1 is the new root; VOLARY_OUT is where the results go, VOLARY_KERNEL the
# kernel's package, VOLARY_ROOT_GIB the size of the root disk.
set -eu
root=$1

# The kernel package is unpacked, not installed: its scripts would build an initramfs of Debian's own, which is not used.
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
package=$(apt-cache depends --important "$VOLARY_KERNEL" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
mkdir "$root/kernel"
(cd "$root/kernel" && apt-get download -q "${package:-$VOLARY_KERNEL}" && dpkg-deb -x ./*.deb unpacked)
cp "$root"/kernel/unpacked/boot/vmlinuz-* "$VOLARY_OUT/vmlinuz"
rm -rf "$root/usr/lib/modules"
mv "$root/kernel/unpacked/lib/modules" "$root/usr/lib/modules"
rm -rf "$root/kernel"
release=$(ls "$root/usr/lib/modules")
chroot "$root" depmod "$release"
printf '%s\n' "$release" > "$VOLARY_OUT/kernel-version"
cp -R "$root/usr/lib/modules/$release" "$VOLARY_OUT/modules"

# What makes each machine itself is left empty: the agent, or the machine's first use, fills it in.
echo volary > "$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n127.0.1.1\tvolary\n::1\tlocalhost ip6-localhost ip6-loopback\n' > "$root/etc/hosts"
rm -f "$root/etc/resolv.conf" "$root"/etc/ssh/ssh_host_*
: > "$root/etc/resolv.conf"
: > "$root/etc/machine-id"
printf '/dev/vda / ext4 defaults 0 1\n' > "$root/etc/fstab"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/log/*.log "$root"/tmp/*
chroot "$root" dpkg-query -W -f '${Package} ${Version}\n' > "$VOLARY_OUT/packages"

# The root disk. mke2fs would also copy what is mounted below the root, such as /proc, so it is given a view without mounts.
view=$(mktemp -d)
mount --bind "$root" "$view"
trap 'umount "$view"; rmdir "$view"' EXIT
truncate -s "${VOLARY_ROOT_GIB}G" "$VOLARY_OUT/root.raw"
# Room in the descriptor table for growing online to 16 TiB; journal and inode tables are filled in when used.
mke2fs -q -t ext4 -L volary-root -i 16384 -m 0 \
  -E lazy_itable_init=1,lazy_journal_init=1,nodiscard,resize=4294967295 -d "$view" "$VOLARY_OUT/root.raw"
