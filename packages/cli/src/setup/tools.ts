/** Programs of the system that Volary runs, or builds with, and the packages that bring them. */
export interface Tool {
  /** The program, or an absolute path of a file, that tells whether it is there. */
  readonly probe: string;
  /** What it is called; default: the program's name. */
  readonly title?: string;
  readonly purpose: string;
  /** Needed to run VMs; or besides that only by the tests. */
  readonly neededBy: 'vms' | 'tests';
  /** True where root does without it. */
  readonly isForUsersOnly?: true;
  /** True for what is asked for on Debian alone: elsewhere it lies at other places or is no package, and its tests say that they are skipped. */
  readonly isForDebianOnly?: true;
  /** The package by package manager; absent where that has none. */
  readonly packages: Readonly<Partial<Record<PackageManager, string>>>;
}

export const PACKAGE_MANAGERS = ['apt-get', 'dnf', 'apk', 'pacman', 'zypper'] as const;
export type PackageManager = (typeof PACKAGE_MANAGERS)[number];

export const TOOLS: readonly Tool[] = [
  {
    probe: 'curl',
    purpose: 'asks as the documents of the dialects do',
    neededBy: 'tests',
    packages: { 'apt-get': 'curl', dnf: 'curl', apk: 'curl', pacman: 'curl', zypper: 'curl' },
  },
  {
    probe: 'jq',
    purpose: 'reads answers as the documents of the dialects do',
    neededBy: 'tests',
    packages: { 'apt-get': 'jq', dnf: 'jq', apk: 'jq', pacman: 'jq', zypper: 'jq' },
  },
  {
    probe: 'qemu-system-x86_64',
    purpose: 'runs the VMs',
    neededBy: 'vms',
    packages: {
      'apt-get': 'qemu-system-x86',
      dnf: 'qemu-system-x86-core',
      apk: 'qemu-system-x86_64',
      pacman: 'qemu-system-x86',
      zypper: 'qemu-x86',
    },
  },
  {
    probe: 'qemu-img',
    purpose: 'makes their disks',
    neededBy: 'vms',
    packages: { 'apt-get': 'qemu-utils', dnf: 'qemu-img', apk: 'qemu-img', pacman: 'qemu-img', zypper: 'qemu-tools' },
  },
  {
    probe: 'setpriv',
    purpose: 'takes privileges from them',
    neededBy: 'vms',
    packages: {
      'apt-get': 'util-linux',
      dnf: 'util-linux',
      apk: 'setpriv',
      pacman: 'util-linux',
      zypper: 'util-linux',
    },
  },
  {
    probe: 'prlimit',
    purpose: 'bounds what looks into images',
    neededBy: 'vms',
    packages: {
      'apt-get': 'util-linux',
      dnf: 'util-linux-core',
      apk: 'util-linux-misc',
      pacman: 'util-linux',
      zypper: 'util-linux',
    },
  },
  {
    probe: 'nft',
    purpose: 'keeps the VMs of a network apart from the others',
    neededBy: 'vms',
    packages: { 'apt-get': 'nftables', dnf: 'nftables', apk: 'nftables', pacman: 'nftables', zypper: 'nftables' },
  },
  {
    probe: 'ip',
    purpose: 'makes the networks of VMs',
    neededBy: 'vms',
    packages: { 'apt-get': 'iproute2', dnf: 'iproute', apk: 'iproute2', pacman: 'iproute2', zypper: 'iproute2' },
  },
  { probe: 'mmdebstrap', purpose: 'builds the guest image', neededBy: 'vms', packages: { 'apt-get': 'mmdebstrap' } },
  {
    probe: 'apt-get',
    purpose: 'fetches the packages of the guest image',
    neededBy: 'vms',
    packages: { 'apt-get': 'apt', dnf: 'apt', pacman: 'apt' },
  },
  {
    probe: 'dpkg-deb',
    purpose: 'unpacks them',
    neededBy: 'vms',
    packages: { 'apt-get': 'dpkg', dnf: 'dpkg', apk: 'dpkg', pacman: 'dpkg', zypper: 'dpkg' },
  },
  {
    probe: '/usr/share/keyrings/debian-archive-keyring.gpg',
    title: 'Debian keyring',
    purpose: 'the packages of the guest image are checked with it',
    neededBy: 'vms',
    packages: { 'apt-get': 'debian-archive-keyring', dnf: 'debian-keyring', pacman: 'debian-archive-keyring' },
  },
  {
    probe: 'mke2fs',
    purpose: "makes the image's file system",
    neededBy: 'vms',
    packages: { 'apt-get': 'e2fsprogs', dnf: 'e2fsprogs', apk: 'e2fsprogs', pacman: 'e2fsprogs', zypper: 'e2fsprogs' },
  },
  {
    probe: 'mksquashfs',
    purpose: 'makes the packs of tools',
    neededBy: 'vms',
    packages: {
      'apt-get': 'squashfs-tools',
      dnf: 'squashfs-tools',
      apk: 'squashfs-tools',
      pacman: 'squashfs-tools',
      zypper: 'squashfs',
    },
  },
  {
    probe: 'patchelf',
    purpose: "has tools of Debian's packages find their libraries",
    neededBy: 'vms',
    packages: { 'apt-get': 'patchelf', dnf: 'patchelf', apk: 'patchelf', pacman: 'patchelf', zypper: 'patchelf' },
  },
  {
    probe: 'newuidmap',
    purpose: 'lets mmdebstrap work without root',
    neededBy: 'vms',
    isForUsersOnly: true,
    packages: { 'apt-get': 'uidmap', dnf: 'shadow-utils', apk: 'shadow-subids', pacman: 'shadow', zypper: 'shadow' },
  },
  {
    probe: 'musl-gcc',
    purpose: 'compiles the guest agent',
    neededBy: 'vms',
    packages: { 'apt-get': 'musl-tools', dnf: 'musl-gcc', pacman: 'musl' },
  },
  {
    probe: 'gcc',
    purpose: 'compiles the guest agent',
    neededBy: 'vms',
    packages: { 'apt-get': 'gcc', dnf: 'gcc', apk: 'gcc', pacman: 'gcc', zypper: 'gcc' },
  },
  {
    probe: 'make',
    purpose: 'compiles the guest agent',
    neededBy: 'vms',
    packages: { 'apt-get': 'make', dnf: 'make', apk: 'make', pacman: 'make', zypper: 'make' },
  },
  {
    probe: '/usr/include/linux/random.h',
    title: 'kernel headers',
    purpose: 'the guest agent is compiled with them',
    neededBy: 'vms',
    packages: {
      'apt-get': 'linux-libc-dev',
      dnf: 'kernel-headers',
      apk: 'linux-headers',
      pacman: 'linux-api-headers',
      zypper: 'linux-glibc-devel',
    },
  },
  {
    probe: '/usr/include/stdio.h',
    title: 'C headers',
    purpose: 'the tests of the guest agent are compiled with them',
    neededBy: 'tests',
    packages: { 'apt-get': 'libc6-dev', dnf: 'glibc-devel', apk: 'musl-dev', pacman: 'glibc', zypper: 'glibc-devel' },
  },
  {
    probe: 'lz4',
    purpose: 'makes what the tests of the image builder unpack',
    neededBy: 'tests',
    packages: { 'apt-get': 'lz4', dnf: 'lz4', apk: 'lz4', pacman: 'lz4', zypper: 'lz4' },
  },
  {
    probe: 'cpio',
    purpose: 'unpacks what the tests of the image builder make',
    neededBy: 'tests',
    packages: { 'apt-get': 'cpio', dnf: 'cpio', apk: 'cpio', pacman: 'cpio', zypper: 'cpio' },
  },
  {
    probe: '/usr/share/ovmf/OVMF.fd',
    title: 'UEFI',
    purpose: 'starts images that boot by UEFI, as those of the tests do',
    neededBy: 'tests',
    packages: { 'apt-get': 'ovmf', dnf: 'edk2-ovmf', apk: 'ovmf', pacman: 'edk2-ovmf', zypper: 'qemu-ovmf-x86_64' },
  },
  {
    probe: 'blkid',
    purpose: 'reads what the tests of seeds make',
    neededBy: 'tests',
    packages: { 'apt-get': 'util-linux', dnf: 'util-linux', apk: 'blkid', pacman: 'util-linux', zypper: 'util-linux' },
  },
  {
    probe: 'redis-server',
    purpose: 'counts rate limits in the tests, as it does for several servers',
    neededBy: 'tests',
    packages: { 'apt-get': 'redis-server', dnf: 'redis', apk: 'redis', pacman: 'redis', zypper: 'redis' },
  },
  {
    probe: 'promtool',
    purpose: 'checks what the tests scrape, and the alert rules',
    neededBy: 'tests',
    packages: {
      'apt-get': 'prometheus',
      dnf: 'golang-github-prometheus',
      apk: 'prometheus',
      pacman: 'prometheus',
      zypper: 'golang-github-prometheus-prometheus',
    },
  },
  {
    probe: 'dockerd',
    purpose: 'runs the containers of the tests, by an engine of their own',
    neededBy: 'tests',
    packages: { 'apt-get': 'docker.io', dnf: 'moby-engine', apk: 'docker-engine', pacman: 'docker', zypper: 'docker' },
  },
  {
    probe: 'openssl',
    purpose: 'makes the certificates of the tests',
    neededBy: 'tests',
    packages: { 'apt-get': 'openssl', dnf: 'openssl', apk: 'openssl', pacman: 'openssl', zypper: 'openssl' },
  },
  {
    probe: 'script',
    purpose: 'gives the tests a terminal',
    neededBy: 'tests',
    packages: {
      'apt-get': 'bsdutils',
      dnf: 'util-linux-script',
      apk: 'util-linux-misc',
      pacman: 'util-linux',
      zypper: 'util-linux',
    },
  },
  {
    probe: '/usr/lib/python3/dist-packages/requests/__init__.py',
    title: 'requests for Python',
    purpose: 'asks as the documents of the dialects do, in Python',
    neededBy: 'tests',
    isForDebianOnly: true,
    packages: { 'apt-get': 'python3-requests' },
  },
  {
    probe: 'chromium',
    purpose: 'is the browser of the tests',
    neededBy: 'tests',
    isForDebianOnly: true,
    packages: { 'apt-get': 'chromium' },
  },
];
