import { VolaryError } from '../../domain/errors.ts';
import type { ImageDefinition } from '../../domain/image/definition.ts';
import { checkVmSpec, VM_DEFAULTS, type VmSpec } from '../../domain/vm/spec.ts';
import { defaultHealthCheck } from '../../domain/workload/health-check.ts';
import { requireNetworkMode } from '../config/require-network-mode.ts';
import type { EngineDeps } from '../deps.ts';
import { isKnownImage, isWholeSystem, namesOfImages } from '../images/known-images.ts';

/** What was asked for, with defaults for the rest. `brought`: an image that is to be there by then. Throws `invalid_argument` vm.*, `unsupported` driver.no_such_network_mode. */
export async function completeSpec(
  deps: Pick<EngineDeps, 'driver' | 'images' | 'store'>,
  asked: Partial<VmSpec>,
  brought: ImageDefinition | null = null,
): Promise<VmSpec> {
  const { driver } = deps;
  const { workload = null } = asked;
  const healthCheck = workload === null ? null : defaultHealthCheck(workload);
  const spec: VmSpec = { ...VM_DEFAULTS, network: { mode: 'user', egress: 'deny' }, healthCheck, ...asked };
  checkVmSpec(spec);
  requireNetworkMode(driver, spec);
  if (brought === null && !(await isKnownImage(deps, spec.image))) {
    const names = await namesOfImages(deps);
    throw new VolaryError('invalid_argument', `There is no image ${spec.image}; there are: ${names.join(', ')}.`, {
      reason: 'vm.unknown_image',
      details: { field: 'image', allowed: names },
    });
  }
  // Whether a whole system has it, it shows when it boots.
  const isWhole = brought === null ? await isWholeSystem(deps, spec.image) : isWholeDisk(brought);
  if (spec.cloudInit !== null && !isWhole) throw noCloudInit();
  return spec;
}

function isWholeDisk(definition: ImageDefinition): boolean {
  return definition.kind === 'disk' && definition.boot === 'firmware';
}

function noCloudInit(): VolaryError {
  return new VolaryError('invalid_argument', 'The image of this VM has no cloud-init that could take cloud_init.', {
    reason: 'vm.cloud_init_unsupported',
    details: { field: 'cloud_init' },
  });
}
