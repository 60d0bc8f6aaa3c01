import { constants, type Stats } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';

/** Where Linux offers hardware virtualisation. */
export const KVM_DEVICE = '/dev/kvm';

/** What keeps VMs from the device, and what to do about that; `fix` stands for itself as a sentence. */
interface KvmFault {
  readonly detail: string;
  readonly fix: string;
}

/** What keeps us from the device; null if nothing does that can be seen from here. VMs of root run as users of their own. */
export async function findKvmFault(
  device: string = KVM_DEVICE,
  isRoot: boolean = process.getuid?.() === 0,
): Promise<KvmFault | null> {
  const facts = await stat(device).catch(() => null); // what cannot be looked at is as good as absent
  if (facts === null) {
    const fix = 'enable virtualisation in the firmware, or nested virtualisation in the hypervisor';
    return { detail: `there is no ${device}`, fix: `VMs are emulated, which is slower; for KVM, ${fix}` };
  }
  const isOurs = await access(device, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isOurs) {
    const name = userName();
    const command = `sudo usermod -aG kvm ${name ?? 'NAME'}, then log in again`;
    return { detail: `${device} may not be opened by ${name ?? `user ${process.getuid?.()}`}`, fix: command };
  }
  if (!isRoot || mayBeUsedByOthers(facts)) return null;
  const fix = `sudo chgrp kvm ${device} && sudo chmod 660 ${device}, then volary down and volary up`;
  return { detail: `${device} is for its owner alone`, fix };
}

/** As the server has it: it gives its VMs the device's group, but never that of root. */
function mayBeUsedByOthers({ mode, gid }: Stats): boolean {
  return (mode & 0o006) === 0o006 || ((mode & 0o060) === 0o060 && gid !== 0);
}

/** Of whom we run as, whatever the environment says; null for a user without a name. */
function userName(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null; // there is no entry for its number
  }
}
