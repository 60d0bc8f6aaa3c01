import { VolaryError } from '../../domain/errors.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { EngineDeps } from '../deps.ts';

/** What the driver can do, the host has to be able to do as well. Throws `unsupported` network.none_on_host. */
export function requireHostNetwork({ networks }: Pick<EngineDeps, 'networks'>, { network }: VmSpec): void {
  if (network.mode !== 'bridge' || networks.whyNone === null) return;
  throw new VolaryError('unsupported', `This host has no networks for VMs. ${networks.whyNone}`, {
    reason: 'network.none_on_host',
    details: { field: 'network.mode' },
  });
}
