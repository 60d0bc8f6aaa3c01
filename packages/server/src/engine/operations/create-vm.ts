import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { checkVmSpec, VM_DEFAULTS, type VmSpec } from '../../domain/vm/spec.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineDeps } from '../deps.ts';
import type { CreateVmRequest } from '../engine.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallChange } from '../idempotency/recall.ts';
import type { Accepted, Once } from '../requests.ts';
import { admitDisk, admitMemory } from '../scheduler/admission.ts';
import { checkNewVm, newVm, storeVm } from './new-vm.ts';
import { announce, type OperationDeps } from './request-change.ts';

/** Stores a new VM and the operation that makes it. Nothing is stored when it is refused. */
export async function createVm(
  deps: OperationDeps & Pick<EngineDeps, 'images'>,
  principal: Principal,
  request: CreateVmRequest,
  { once }: Once = {},
): Promise<Accepted> {
  authorise(principal, 'vm:create');
  const earlier = await recallChange(deps, once);
  if (earlier !== null) return earlier;
  const spec = completeSpec(deps, request.spec);
  checkNewVm(request);
  checkImage(deps, spec.image);
  const facts = await deps.hostProbe.measure();

  const accepted = await deps.store.transaction(async (tables) => {
    const promised = await tables.vms.promised();
    if (request.start) admitMemory(spec.memoryMib, facts, promised, deps.config.limits);
    admitDisk(spec.diskGib, facts, promised, deps.config.limits);
    const made = newVm(deps, principal, { ...request, spec, origin: null });
    await storeVm(tables, made);
    await bindKey(tables, deps.clock, once, { kind: 'operation', id: made.operation.id });
    return made;
  });
  announce(deps, accepted);
  return accepted;
}

function completeSpec(deps: OperationDeps, asked: Partial<VmSpec>): VmSpec {
  const spec: VmSpec = { ...VM_DEFAULTS, network: { mode: 'user', egress: 'deny' }, ...asked };
  checkVmSpec(spec);
  if (!deps.driver.capabilities.networkModes.includes(spec.network.mode)) {
    throw new VolaryError('unsupported', `The ${deps.driver.kind} driver has no network mode ${spec.network.mode}.`, {
      reason: 'driver.no_such_network_mode',
      details: { field: 'network.mode', allowed: deps.driver.capabilities.networkModes },
    });
  }
  return spec;
}

function checkImage(deps: Pick<EngineDeps, 'images'>, name: string): void {
  const recipes = deps.images.recipes();
  if (recipes.includes(name)) return;
  throw new VolaryError('invalid_argument', `There is no image ${name}; there are: ${recipes.join(', ')}.`, {
    reason: 'vm.unknown_image',
    details: { field: 'image', allowed: recipes },
  });
}
