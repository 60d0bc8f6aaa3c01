import { VolaryError } from '../../domain/errors.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { Driver } from '../../ports/driver.ts';

/** Throws `unsupported` driver.no_such_network_mode. */
export function requireNetworkMode({ kind, capabilities }: Pick<Driver, 'kind' | 'capabilities'>, spec: VmSpec): void {
  const { networkModes } = capabilities;
  if (networkModes.includes(spec.network.mode)) return;
  throw new VolaryError('unsupported', `The ${kind} driver has no network mode ${spec.network.mode}.`, {
    reason: 'driver.no_such_network_mode',
    details: { field: 'network.mode', allowed: networkModes },
  });
}
