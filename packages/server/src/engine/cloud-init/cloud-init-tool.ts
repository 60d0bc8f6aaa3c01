import { VolaryError } from '../../domain/errors.ts';
import type { VmTool } from '../../domain/tool/tool.ts';
import type { CloudInit } from '../../domain/vm/cloud-init.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { Driver } from '../../ports/driver.ts';
import type { EngineDeps } from '../deps.ts';
import { isWholeSystem } from '../images/known-images.ts';
import { resolveTools } from '../tools/vm-tools.ts';

/** The tool that does in a guest of ours what a whole system has a cloud-init of its own for. */
export const CLOUD_INIT_TOOL = 'cloud-init';

/** Throws `invalid_argument` vm.cloud_init_unsupported, by its path, of what cloud-init cannot be told in a guest of ours. */
export function requireCloudInit({ kind, packs }: Pick<Driver, 'kind' | 'packs'>, { networkConfig }: CloudInit): void {
  if (networkConfig !== null)
    throw unsupported('network_config', 'The network of this VM is set up by its agent, as `network` says.');
  if (packs === null) throw unsupported('user_data', `Machines of the ${kind} driver cannot be given cloud-init.`);
}

/**
 * A spec with cloud-init among its tools, the last on the PATH, where a VM that boots our way is to do what that is told: a whole system
 * has one of its own. Throws `unavailable` tool.unreachable.
 */
export async function withCloudInit(
  deps: Pick<EngineDeps, 'tools' | 'clock' | 'store'>,
  driver: Driver,
  spec: VmSpec,
): Promise<VmSpec> {
  const { cloudInit, tools, image } = spec;
  if (cloudInit === null || tools.some(({ name }) => name === CLOUD_INIT_TOOL) || (await isWholeSystem(deps, image)))
    return spec;
  return { ...spec, tools: [...tools, ...(await resolveTools(deps, driver, [CLOUD_INIT_TOOL]))] };
}

/** Other tools take the place of those that a VM has; cloud-init goes with what it was told. */
export function keepCloudInit(
  tools: readonly VmTool[],
  before: { readonly cloudInit: CloudInit | null; readonly tools: readonly VmTool[] },
): readonly VmTool[] {
  if (before.cloudInit === null || tools.some(({ name }) => name === CLOUD_INIT_TOOL)) return tools;
  return [...tools, ...before.tools.filter(({ name }) => name === CLOUD_INIT_TOOL)];
}

function unsupported(field: 'user_data' | 'network_config', message: string): VolaryError {
  return new VolaryError('invalid_argument', message, {
    reason: 'vm.cloud_init_unsupported',
    details: { field: `cloud_init.${field}` },
  });
}
