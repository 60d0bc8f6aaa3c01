/** What the guest's kernel and, through it, the guest agent are told. */
export interface GuestBoot {
  readonly accelerator: 'kvm' | 'tcg';
  readonly hostname: string;
  /** The block device with the root file system; null: the guest stays in its initramfs. */
  readonly rootDevice: string | null;
  readonly network: Readonly<Record<string, string>>;
}

/**
 * What makes each boot faster and takes nothing from the guest: a console that prints what matters only, no probing for
 * hardware that this machine never has, no self-tests of the kernel's ciphers.
 */
const ALWAYS = [
  'console=ttyS0',
  'quiet',
  // A panic resets the machine, which ends it: also where the panic device has no driver yet.
  'panic=-1',
  '8250.nr_uarts=1',
  'tsc=reliable',
  'no_timer_check',
  'random.trust_cpu=on',
  'rcupdate.rcu_expedited=1',
  'cryptomgr.notests',
  // Room for more memory makes the kernel keep 64 MiB for devices that cannot reach all of it, of which there are none here.
  'swiotlb=noforce',
] as const;

/**
 * Under emulation alone: a translated guest has no speculation that others could observe, and the kernel's address
 * layout is no defence that is worth the boot time of relocating it in software. Patching the locks for one processor makes
 * QEMU translate all that code again; and so does each program that lies elsewhere than it did the last time it ran, which
 * doubles the time of every command.
 */
const EMULATED = ['mitigations=off', 'nokaslr', 'norandmaps', 'noreplace-smp'] as const;

/** The kernel command line. Host names are DNS labels and network settings are ours, so nothing here needs quoting. */
export function kernelCommandLine(boot: GuestBoot): string {
  const root = boot.rootDevice === null ? {} : { root: boot.rootDevice };
  const guest = { ...root, hostname: boot.hostname, ...boot.network };
  return [
    ...ALWAYS,
    ...(boot.accelerator === 'tcg' ? EMULATED : []),
    ...Object.entries(guest).map(([key, value]) => `volary.${key}=${value}`),
  ].join(' ');
}
