import { VolaryError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { SecretGrant } from '../../domain/secret/grant.ts';
import { expiryOf } from '../../domain/vm/expiry.ts';
import { totalDiskGib } from '../../domain/vm/extra-disk.ts';
import { NO_RESTARTS } from '../../domain/vm/restarts.ts';
import { checkMetadata, checkVmName, VM_LIMITS, type VmSpec } from '../../domain/vm/spec.ts';
import type { Origin, Vm } from '../../domain/vm/vm.ts';
import type { WarmStart } from '../../domain/vm/warm-start.ts';
import { checkNoSecretIsHidden } from '../../domain/workload/environment.ts';
import type { Tables } from '../../ports/store.ts';
import { recordCreation } from '../config/record-revision.ts';
import type { CreateVmRequest } from '../engine.ts';
import { admitQuota } from '../quotas/admit-quota.ts';
import type { Accepted } from '../requests.ts';
import type { Spare } from '../warm/spare-maker.ts';
import { operationEvent, vmEvent } from './events.ts';
import { hasMachine, newOperation, type OperationDeps } from './request-change.ts';

/** A VM as it is asked for; `origin`: what its first life begins from, null for a boot. */
export interface NewVm extends Omit<CreateVmRequest, 'spec' | 'warmStart' | 'secrets'> {
  readonly spec: VmSpec;
  readonly origin: Origin | null;
  readonly warmStart?: WarmStart;
  readonly secrets: readonly SecretGrant[];
  /** The machine that was made ahead for it, if there is one. */
  readonly spare?: Spare | null;
}

/** Throws `invalid_argument` vm.invalid_name, vm.invalid_labels, vm.metadata_too_large. */
export function checkNewVm({ name, labels, metadata }: Pick<NewVm, 'name' | 'labels' | 'metadata'>): void {
  if (name !== null) checkVmName(name);
  checkLabels(labels);
  checkMetadata(metadata, new TextEncoder().encode(JSON.stringify(metadata)).length);
}

/** The VM and the operation that makes it, not yet stored. Throws `invalid_argument` vm.invalid_expiry, vm.environment_conflict. */
export function newVm(deps: OperationDeps, principal: Principal, request: NewVm): Accepted {
  const now = deps.clock.now();
  const id = request.spare?.vmId ?? deps.ids.create('vm');
  const name = request.name ?? `vm-${id.slice(-8)}`;
  const { spec, origin } = request;
  checkNoSecretIsHidden({ ...spec.environment, ...spec.workload?.environment }, request.secrets);
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
    secrets: request.secrets,
    desired: { power: request.start ? 'running' : 'stopped', incarnation: request.start ? 1 : 0, graceMs: 0 },
    origin,
    status: { phase: 'pending', since: now, operationId: operation.id, deadlineAt: operation.deadlineAt },
    health: 'unknown',
    workloadStatus: null,
    warmStart: request.warmStart ?? 'auto',
    restarts: NO_RESTARTS,
    suspension: null,
    expiry: request.lifetime === undefined ? null : expiryOf(request.lifetime, now),
    driver: deps.driver.kind,
    hostId: deps.config.hostId,
    handle: null,
    machine: null,
    imageDigest: request.spare?.imageDigest ?? null,
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

/** Writes a new VM with its operation and its events. Throws `already_exists` vm.name_taken, `resource_exhausted` quota.exceeded. */
export async function storeVm(
  { config }: Pick<OperationDeps, 'config'>,
  tables: Tables,
  principal: Principal,
  { vm, operation }: Accepted,
): Promise<void> {
  const { vcpuCount: vcpus, memoryMib } = vm.spec;
  const diskGib = totalDiskGib(vm.spec);
  const powered = hasMachine(vm.desired.power) ? { vcpus, memoryMib } : {};
  await admitQuota(tables, vm.owner, { vms: 1, diskGib, ...powered }, config.limits);
  const from = vm.origin === null ? {} : { snapshot_id: vm.origin.snapshotId };
  await tables.vms.insert(vm);
  await recordCreation(tables, vm, principal);
  await tables.operations.insert(operation);
  await tables.events.append([
    operationEvent('operation.created', operation, vm.createdAt),
    vmEvent('vm.created', vm, operation, vm.createdAt, from),
  ]);
}

/** Throws `invalid_argument` vm.invalid_labels. */
export function checkLabels(labels: Readonly<Record<string, string>>): void {
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
