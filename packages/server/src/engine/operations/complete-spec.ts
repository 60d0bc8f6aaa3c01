import { VolaryError } from '../../domain/errors.ts';
import { checkVmSpec, VM_DEFAULTS, type VmSpec } from '../../domain/vm/spec.ts';
import { defaultHealthCheck } from '../../domain/workload/health-check.ts';
import type { EngineDeps } from '../deps.ts';
import { isKnownImage, namesOfImages } from '../images/known-images.ts';

/** What was asked for, with defaults for the rest. Throws `invalid_argument` vm.*, `unsupported` driver.no_such_network_mode. */
export async function completeSpec(
  deps: Pick<EngineDeps, 'driver' | 'images' | 'store'>,
  asked: Partial<VmSpec>,
): Promise<VmSpec> {
  const { driver } = deps;
  const { workload = null } = asked;
  const healthCheck = workload === null ? null : defaultHealthCheck(workload);
  const spec: VmSpec = { ...VM_DEFAULTS, network: { mode: 'user', egress: 'deny' }, healthCheck, ...asked };
  checkVmSpec(spec);
  const { networkModes } = driver.capabilities;
  if (!networkModes.includes(spec.network.mode)) {
    throw new VolaryError('unsupported', `The ${driver.kind} driver has no network mode ${spec.network.mode}.`, {
      reason: 'driver.no_such_network_mode',
      details: { field: 'network.mode', allowed: networkModes },
    });
  }
  if (await isKnownImage(deps, spec.image)) return spec;
  const names = await namesOfImages(deps);
  throw new VolaryError('invalid_argument', `There is no image ${spec.image}; there are: ${names.join(', ')}.`, {
    reason: 'vm.unknown_image',
    details: { field: 'image', allowed: names },
  });
}
