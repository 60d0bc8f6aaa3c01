import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { Identity } from '../../shared/vm-identity.ts';

const PATH = '/dev/kvm';

/** Whether a VMM may open `/dev/kvm`, and what it needs for that. Whether a guest boots with it is another question. */
export type KvmDevice =
  | { readonly kind: 'absent' }
  /** It is there, but a VMM without privileges may not use it. */
  | { readonly kind: 'forbidden' }
  /** `groups`: the supplementary groups that a VMM of another user needs. */
  | { readonly kind: 'usable'; readonly groups: readonly number[] };

/** Looks at the device as it stands now. */
export async function findKvm(runsAsUs: boolean, path = PATH): Promise<KvmDevice> {
  const device = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (device === null) return { kind: 'absent' };
  if (runsAsUs) {
    const isUsable = await access(path, constants.R_OK | constants.W_OK).then(
      () => true,
      () => false,
    );
    return isUsable ? { kind: 'usable', groups: [] } : { kind: 'forbidden' };
  }
  if ((device.mode & 0o006) === 0o006) return { kind: 'usable', groups: [] };
  // Group 0 is root's: to give that away for the sake of one device would be to give away more.
  if ((device.mode & 0o060) === 0o060 && device.gid !== 0) return { kind: 'usable', groups: [device.gid] };
  return { kind: 'forbidden' };
}

/** The identity with the groups that it needs for this accelerator. */
export function withKvmGroups(identity: Identity | null, kvm: KvmDevice): Identity | null {
  return identity === null || kvm.kind !== 'usable' ? identity : { ...identity, groups: kvm.groups };
}
