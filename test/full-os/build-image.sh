#!/bin/sh
# Makes a Debian as it comes from elsewhere, from Debian's packages: its own kernel, initramfs, systemd, cloud-init and
# qemu-guest-agent, on a disk that boots by itself, by BIOS and by UEFI. Nothing in it is ours. As root:
#
#   build-image.sh DISK        writes the raw disk DISK, which must not be there
#
# No loop devices and no mounts of the host: file systems are made from trees, and what GRUB's installer would do to a
# disk is done to a file. `packages:` of cloud-init has something to install without a network: /opt/packages is a repository.
set -eu
label=full-os

# What is killed leaves no process and no mount.
if [ "${IN_NAMESPACES-}" != yes ]; then
  exec env IN_NAMESPACES=yes unshare --mount --pid --fork --kill-child=KILL --mount-proc -- sh "$0" "$@"
fi

# Called by mmdebstrap: what is to be installed later is fetched now.
if [ "$1" = fetch ]; then
  export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
  mkdir -p "$2/opt/packages"
  cd "$2/opt/packages"
  apt-get download -q hello
  for deb in *.deb; do
    dpkg-deb -f "$deb"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d ' ' -f 1)"
  done > Packages
  exit 0
fi

disk=$1
work=$(mktemp -d "$disk.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
# What makes the disk is not on it; cloud-init has fdisk of its own need.
builders='grub-common grub-pc-bin grub-efi-amd64-bin grub2-common mtools dosfstools'
excluded='doc man info locale'
mmdebstrap --mode=root --variant=minbase --format=directory \
  --include="systemd-sysv,udev,dbus,cloud-init,cloud-guest-utils,qemu-guest-agent,linux-image-cloud-amd64,initramfs-tools,zstd,iproute2,fdisk,$(echo "$builders" | tr ' ' ',')" \
  $(for name in $excluded; do printf '%s ' "--dpkgopt=path-exclude=/usr/share/$name/*"; done) \
  --dpkgopt=force-unsafe-io --aptopt='APT::Sandbox::User "root"' \
  --customize-hook="IN_NAMESPACES=yes sh '$0' fetch \"\$1\"" \
  bookworm "$root"

# The programs that start it: GRUB with all it has to know inside, so that none of its files are on the disk.
cat > "$root/tmp/grub.cfg" <<CFG
search --label $label --set=root
linux /vmlinuz root=LABEL=$label ro console=ttyS0 quiet mitigations=off systemd.show_status=false
initrd /initrd.img
boot
CFG
chroot "$root" grub-mkimage -O i386-pc -p / -c /tmp/grub.cfg -o /tmp/core.img biosdisk part_msdos ext2 linux search search_label
chroot "$root" grub-mkimage -O x86_64-efi -p / -c /tmp/grub.cfg -o /tmp/boot.efi part_msdos fat ext2 linux search search_label
chroot "$root" sh -eu <<'ESP'
truncate -s 8M /tmp/esp.raw
mkfs.vfat /tmp/esp.raw > /dev/null
mmd -i /tmp/esp.raw ::EFI ::EFI/BOOT
mcopy -i /tmp/esp.raw /tmp/boot.efi ::EFI/BOOT/BOOTX64.EFI
truncate -s 1200M /tmp/disk.raw
printf 'start=2048,size=16384,type=ef\nstart=18432,type=83,bootable\n' | sfdisk -q --label dos /tmp/disk.raw
# The first sector is code, signature of the disk and table; what it loads follows it.
dd if=/usr/lib/grub/i386-pc/boot.img of=/tmp/disk.raw bs=440 count=1 conv=notrunc status=none
dd if=/tmp/core.img of=/tmp/disk.raw bs=512 seek=1 conv=notrunc status=none
dd if=/tmp/esp.raw of=/tmp/disk.raw bs=512 seek=2048 conv=notrunc status=none
ESP
mv "$root/tmp/disk.raw" "$work/disk.raw"
chroot "$root" dpkg --purge $builders > /dev/null

cat > "$root/etc/initramfs-tools/initramfs.conf" <<CONF
MODULES=list
BUSYBOX=n
COMPRESS=zstd
RUNSIZE=10%
FSTYPE=ext4
CONF
printf 'virtio_pci\nvirtio_blk\next4\n' > "$root/etc/initramfs-tools/modules"
chroot "$root" update-initramfs -u > /dev/null

printf 'LABEL=%s / ext4 defaults 0 1\n' "$label" > "$root/etc/fstab"
printf 'deb [trusted=yes] file:/opt/packages ./\n' > "$root/etc/apt/sources.list"
rm -rf "$root"/etc/apt/sources.list.d/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/tmp/*
: > "$root/etc/machine-id"
rm -f "$root/etc/hostname"
chroot "$root" systemctl -q enable systemd-networkd
# No SSH and no locales are in it, which cloud-init would take for faults of its own.
printf 'locale: false\nssh_genkeytypes: []\nssh_deletekeys: false\n' > "$root/etc/cloud/cloud.cfg.d/90-lean.cfg"
# What does nothing for these tests and takes its time in a boot under emulation.
chroot "$root" systemctl -q mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer

sectors=$(($(stat -c %s "$work/disk.raw") / 512 - 18432))
mke2fs -q -F -t ext4 -L "$label" -m 0 -E "offset=$((18432 * 512)),lazy_itable_init=1,lazy_journal_init=1" \
  -d "$root" "$work/disk.raw" "$((sectors / 2))k"
mv "$work/disk.raw" "$disk"
