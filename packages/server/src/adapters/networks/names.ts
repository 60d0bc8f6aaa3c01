/** What things are called on the host: short, since an interface's name has at most 15 characters, and found again without a record. */
import { createHash } from 'node:crypto';
import { uuidOf, type VmId } from '../../domain/ids.ts';

/** What an installation has on the host. */
export interface HostNames {
  /** The namespace, with all bridges and interfaces of guests in it. */
  readonly namespace: string;
  /** The end of the way out that is outside of it. */
  readonly uplink: string;
  /** The table outside of it. */
  readonly table: string;
  /** The addresses of that way out: outside, and within the namespace. */
  readonly outsideAddress: string;
  readonly insideAddress: string;
}

export const TAP_PREFIX = 'vt';
/** The end of the way out that is within the namespace. */
export const INSIDE_UPLINK = 'vuplink';

/** The same for one installation always, and others for others. */
export function hostNamesOf(installationId: string): HostNames {
  const digest = createHash('sha256').update(installationId).digest();
  const short = digest.toString('hex').slice(0, 10);
  // Link-local, since nobody routes to it; below the part with metadata services. Four addresses for each installation.
  const [third = 0, fourth = 0] = [1 + ((digest[10] ?? 0) % 100), (digest[11] ?? 0) & 0xfc];
  const addressOf = (last: number): string => `169.254.${third}.${fourth + last}`;
  return {
    namespace: `volary-${short}`,
    uplink: `vu${short}`,
    table: `volary_${short}`,
    outsideAddress: addressOf(1),
    insideAddress: addressOf(2),
  };
}

/** As a bridge's. */
export function tapOf(id: VmId): string {
  return `${TAP_PREFIX}${uuidOf(id).slice(-12)}`;
}
