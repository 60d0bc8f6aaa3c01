import { VolaryError } from '../../domain/errors.ts';
import type { ImageDefinition } from '../../domain/image/definition.ts';
import { networkOf } from '../../domain/network/vm-network.ts';
import { checkVmSpec, VM_DEFAULTS, type VmSpec } from '../../domain/vm/spec.ts';
import { defaultHealthCheck } from '../../domain/workload/health-check.ts';
import type { Driver } from '../../ports/driver.ts';
import { requireCloudInit } from '../cloud-init/cloud-init-tool.ts';
import { requireHostNetwork } from '../config/require-host-network.ts';
import { requireFirmware, requirePossible } from '../config/require-possible.ts';
import type { EngineDeps } from '../deps.ts';
import { isKnownImage, isWholeSystem, namesOfImages } from '../images/known-images.ts';

/** What was asked for, with defaults for the rest. `brought`: an image that is to be there by then. Throws `invalid_argument` vm.*, `unsupported` driver.no_such_network_mode. */
export async function completeSpec(
  deps: Pick<EngineDeps, 'networks' | 'images' | 'store'>,
  driver: Driver,
  asked: Partial<VmSpec>,
  brought: ImageDefinition | null = null,
): Promise<VmSpec> {
  const { workload = null } = asked;
  const healthCheck = workload === null ? null : defaultHealthCheck(workload);
  const spec: VmSpec = { ...VM_DEFAULTS, network: networkOf({}), healthCheck, ...asked };
  checkVmSpec(spec);
  requirePossible(driver, spec);
  requireHostNetwork(deps, spec);
  if (brought === null && !(await isKnownImage(deps, spec.image))) {
    const names = await namesOfImages(deps);
    throw new VolaryError('invalid_argument', `There is no image ${spec.image}; there are: ${names.join(', ')}.`, {
      reason: 'vm.unknown_image',
      details: { field: 'image', allowed: names },
    });
  }
  // Whether a whole system has it, it shows when it boots.
  const isWhole = brought === null ? await isWholeSystem(deps, spec.image) : isWholeDisk(brought);
  if (isWhole) requireFirmware(driver);
  if (spec.cloudInit !== null && !isWhole) requireCloudInit(driver, spec.cloudInit);
  return spec;
}

function isWholeDisk(definition: ImageDefinition): boolean {
  return definition.kind === 'disk' && definition.boot === 'firmware';
}
