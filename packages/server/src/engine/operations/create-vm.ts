import { VolaryError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { NO_RESTARTS } from '../../domain/vm/restarts.ts';
import { checkMetadata, checkVmName, checkVmSpec, VM_DEFAULTS, VM_LIMITS, type VmSpec } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineDeps } from '../deps.ts';
import type { Accepted, CreateVmRequest } from '../engine.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallChange } from '../idempotency/recall.ts';
import type { Once } from '../requests.ts';
import { admitDisk, admitMemory } from '../scheduler/admission.ts';
import { operationEvent, vmEvent } from './events.ts';
import { announce, newOperation, type OperationDeps } from './request-change.ts';

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
  if (request.name !== null) checkVmName(request.name);
  checkLabels(request.labels);
  checkMetadata(request.metadata, new TextEncoder().encode(JSON.stringify(request.metadata)).length);
  checkImage(deps, spec.image);
  const facts = await deps.hostProbe.measure();

  const accepted = await deps.store.transaction(async (tables) => {
    const promised = await tables.vms.promised();
    if (request.start) admitMemory(spec.memoryMib, facts, promised, deps.config.limits);
    admitDisk(spec.diskGib, facts, promised, deps.config.limits);
    const made = newVm(deps, principal, request, spec);
    await tables.vms.insert(made.vm);
    await tables.operations.insert(made.operation);
    await tables.events.append([
      operationEvent('operation.created', made.operation, made.vm.createdAt),
      vmEvent('vm.created', made.vm, made.operation, made.vm.createdAt),
    ]);
    await bindKey(tables, deps.clock, once, { kind: 'operation', id: made.operation.id });
    return made;
  });
  announce(deps, accepted);
  return accepted;
}

function newVm(deps: OperationDeps, principal: Principal, request: CreateVmRequest, spec: VmSpec): Accepted {
  const now = deps.clock.now();
  const id = deps.ids.create('vm');
  const name = request.name ?? `vm-${id.slice(-8)}`;
  const operation: Operation = newOperation(deps, {
    kind: 'vm.create',
    subject: { kind: 'vm', id, name },
    generation: 1,
    principal: principal.name,
  });
  const vm: Vm = {
    id,
    name,
    owner: principal.name,
    spec,
    labels: request.labels,
    metadata: request.metadata,
    desired: { power: request.start ? 'running' : 'stopped', incarnation: request.start ? 1 : 0, graceMs: 0 },
    status: { phase: 'pending', since: now, operationId: operation.id, deadlineAt: operation.deadlineAt },
    health: 'unknown',
    restarts: NO_RESTARTS,
    driver: deps.driver.kind,
    hostId: deps.config.hostId,
    handle: null,
    imageDigest: null,
    incarnation: 0,
    generation: 1,
    revision: 1,
    pid: null,
    ip: null,
    createdAt: now,
    updatedAt: now,
    startedAt: null,
  };
  return { vm, operation };
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

function checkLabels(labels: Readonly<Record<string, string>>): void {
  const { count, keyLength, valueLength } = VM_LIMITS.labels;
  const entries = Object.entries(labels);
  const isWithin =
    entries.length <= count &&
    entries.every(([k, v]) => k.length > 0 && k.length <= keyLength && v.length <= valueLength);
  if (isWithin) return;
  throw new VolaryError(
    'invalid_argument',
    `labels may have ${count} entries, with keys of 1 to ${keyLength} and values of up to ${valueLength} characters.`,
    { reason: 'vm.invalid_labels', details: { field: 'labels', ...VM_LIMITS.labels } },
  );
}
