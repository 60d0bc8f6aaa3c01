import type { ReplicaOf } from '../../domain/deployment/deployment.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import { formatAddress } from '../../domain/network/cidr.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { SecretGrant } from '../../domain/secret/grant.ts';
import { expiryOf } from '../../domain/vm/expiry.ts';
import { totalDiskGib } from '../../domain/vm/extra-disk.ts';
import { checkMetadata } from '../../domain/vm/metadata.ts';
import { NO_RESTARTS } from '../../domain/vm/restarts.ts';
import { checkVmName, type VmSpec } from '../../domain/vm/spec.ts';
import type { Origin, Vm } from '../../domain/vm/vm.ts';
import type { CreateVmRequest } from '../../domain/vm/vm-request.ts';
import type { WarmStart } from '../../domain/vm/warm-start.ts';
import { checkNoSecretIsHidden } from '../../domain/workload/environment.ts';
import type { Tables } from '../../ports/store.ts';
import { recordCreation } from '../config/record-revision.ts';
import { chooseLease } from '../networks/place-vm.ts';
import { admitQuota } from '../quotas/admit-quota.ts';
import type { Accepted } from '../requests.ts';
import { attachVolumes } from '../volumes/attach-volumes.ts';
import type { Spare } from '../warm/spare-maker.ts';
import { operationEvent, vmEvent } from './events.ts';
import { hasMachine, newOperation, type OperationDeps } from './request-change.ts';

/** A VM as it is asked for; `origin`: what its first life begins from, null for a boot. */
export interface NewVm extends Omit<CreateVmRequest, 'spec' | 'warmStart' | 'secrets' | 'volumes'> {
  readonly spec: VmSpec;
  readonly origin: Origin | null;
  readonly warmStart?: WarmStart;
  readonly secrets: readonly SecretGrant[];
  /** Whose it becomes; absent: whoever asks. */
  readonly owner?: string;
  readonly replicaOf?: ReplicaOf;
  /** The machine that was made ahead for it, if there is one. */
  readonly spare?: Spare | null;
}

/** Throws `invalid_argument` vm.invalid_name, vm.invalid_labels, vm.metadata_too_large, vm.invalid_metadata. */
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
    ...(request.owner === undefined ? {} : { owner: request.owner }),
  });
  const vm: Vm = {
    id,
    name,
    owner: request.owner ?? principal.name,
    replicaOf: request.replicaOf ?? null,
    spec,
    labels: request.labels,
    metadata: request.metadata,
    secrets: request.secrets,
    desired: { power: request.start ? 'running' : 'stopped', incarnation: request.start ? 1 : 0, graceMs: 0 },
    origin,
    status: { phase: 'pending', since: now, operationId: operation.id, deadlineAt: operation.deadlineAt },
    health: 'unknown',
    workloadStatus: null,
    cloudInitStatus: null,
    warmStart: request.warmStart ?? 'auto',
    restarts: NO_RESTARTS,
    suspension: null,
    expiry: request.lifetime === undefined ? null : expiryOf(request.lifetime, now),
    driver: request.driver ?? deps.drivers.first.kind,
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

/**
 * Writes a new VM with its address, its operation and its events, and returns it as it was written. Throws `already_exists` vm.name_taken, `resource_exhausted` quota.exceeded,
 * network.no_address, `not_found` network.unknown, security_group.unknown, volume.unknown, `failed_precondition` volume.not_ready, volume.in_use.
 */
export async function storeVm(
  { config }: Pick<OperationDeps, 'config'>,
  tables: Tables,
  principal: Principal,
  { vm, operation }: Accepted,
): Promise<Vm> {
  const { vcpuCount: vcpus, memoryMib } = vm.spec;
  const diskGib = totalDiskGib(vm.spec);
  const powered = hasMachine(vm.desired.power) ? { vcpus, memoryMib } : {};
  await admitQuota(tables, vm.owner, { vms: 1, diskGib, ...powered }, config.limits);
  const { template } = vm.spec;
  const from = {
    template: template === null ? null : { name: template.name, version: template.version },
    ...(vm.origin === null ? {} : { snapshot_id: vm.origin.snapshotId }),
  };
  const lease = await chooseLease(tables, principal, vm);
  const placed: Vm = { ...vm, ip: lease === null ? null : formatAddress(lease.address) };
  await tables.vms.insert(placed);
  if (lease !== null) await tables.leases.insert(lease);
  await attachVolumes(tables, principal, placed);
  await recordCreation(tables, placed, principal);
  await tables.operations.insert(operation);
  await tables.events.append([
    operationEvent('operation.created', operation, vm.createdAt),
    vmEvent('vm.created', vm, operation, vm.createdAt, from),
  ]);
  return placed;
}
