import { VolaryError } from '../../domain/errors.ts';
import { checkVmSpec, VM_DEFAULTS, type VmSpec } from '../../domain/vm/spec.ts';
import type { EngineDeps } from '../deps.ts';

/** What was asked for, with defaults for the rest. Throws `invalid_argument` vm.*, `unsupported` driver.no_such_network_mode. */
export function completeSpec(
  { driver, images }: Pick<EngineDeps, 'driver' | 'images'>,
  asked: Partial<VmSpec>,
): VmSpec {
  const spec: VmSpec = { ...VM_DEFAULTS, network: { mode: 'user', egress: 'deny' }, ...asked };
  checkVmSpec(spec);
  const { networkModes } = driver.capabilities;
  if (!networkModes.includes(spec.network.mode)) {
    throw new VolaryError('unsupported', `The ${driver.kind} driver has no network mode ${spec.network.mode}.`, {
      reason: 'driver.no_such_network_mode',
      details: { field: 'network.mode', allowed: networkModes },
    });
  }
  const recipes = images.recipes();
  if (recipes.includes(spec.image)) return spec;
  throw new VolaryError('invalid_argument', `There is no image ${spec.image}; there are: ${recipes.join(', ')}.`, {
    reason: 'vm.unknown_image',
    details: { field: 'image', allowed: recipes },
  });
}
