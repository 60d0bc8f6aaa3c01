import { VolaryError } from '../../domain/errors.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import type { Operation, OperationKind } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import {
  checkSnapshotName,
  SNAPSHOT_DESCRIPTION_LENGTH,
  type Snapshot,
  titleOf,
} from '../../domain/snapshot/snapshot.ts';
import { withoutVolumes } from '../../domain/vm/extra-disk.ts';
import { presentSpec } from '../../domain/vm/settings.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { HostFacts } from '../../ports/host-facts.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { AcceptedSnapshot, CreateSnapshotRequest } from '../apis/snapshot-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallSnapshot } from '../idempotency/recall.ts';
import { findVm } from '../queries/find-vm.ts';
import { admitQuota } from '../quotas/admit-quota.ts';
import type { Once } from '../requests.ts';
import { admitSnapshot } from '../scheduler/admission.ts';
import { operationEvent } from './events.ts';
import { maySave } from './power-policy.ts';
import { newOperation, type OperationDeps } from './request-change.ts';
import { snapshotEvent } from './snapshot-events.ts';

export type SnapshotDeps = OperationDeps & Pick<EngineDeps, 'queue'>;

/** Stores a snapshot of a VM and the operation that makes it. The VM's own operations are not concerned. */
export async function createSnapshot(
  deps: SnapshotDeps,
  principal: Principal,
  vmRef: string,
  request: CreateSnapshotRequest,
  { once }: Once = {},
): Promise<AcceptedSnapshot> {
  authorise(principal, 'snapshot:create');
  const earlier = await recallSnapshot(deps, once);
  if (earlier !== null) return earlier;
  checkRequest(request);
  const facts = await deps.hostProbe.measure();
  const accepted = await deps.store.transaction(async (tables) => {
    const vm = await findVm(tables, { principal, permission: 'snapshot:create' }, vmRef);
    requireSnapshots(deps, vm);
    const made = newSnapshot(deps, principal, { ...request, vm, kind: 'snapshot.create', isTemporary: false });
    await admit(deps, tables, vm, facts);
    await admitQuota(tables, made.snapshot.owner, { snapshots: 1 }, deps.config.limits);
    await storeSnapshot(tables, made);
    await recordAudit(tables, deps.clock, principal, {
      action: 'snapshot.create',
      target: auditTarget('snapshot', made.snapshot),
      details: { operation_id: made.operation.id, vm_id: vm.id },
    });
    await bindKey(tables, deps.clock, once, { kind: 'operation', id: made.operation.id });
    return made;
  });
  announceSnapshot(deps, accepted);
  return accepted;
}

/** Throws `unsupported` driver.no_snapshots. */
export function requireSnapshots({ drivers }: Pick<SnapshotDeps, 'drivers'>, vm: Vm): void {
  const { kind, capabilities } = drivers.of(vm);
  if (capabilities.supportsSnapshots) return;
  throw new VolaryError('unsupported', `The ${kind} driver cannot save machines.`, {
    reason: 'driver.no_snapshots',
  });
}

/** A snapshot of a VM that can be saved now, and the operation that makes it; not yet stored. Throws `failed_precondition` vm.not_running, vm.being_deleted, snapshot.reads_volume. */
export function newSnapshot(
  deps: SnapshotDeps,
  principal: Principal,
  asked: CreateSnapshotRequest & {
    readonly vm: Vm;
    readonly kind: Extract<OperationKind, 'snapshot.create' | 'vm.fork'>;
    readonly isTemporary: boolean;
  },
): AcceptedSnapshot {
  const { vm, name, description, labels, kind, isTemporary } = asked;
  const imageDigest = maySave(vm);
  const now = deps.clock.now();
  const id = deps.ids.create('snap');
  const subject = { kind: 'snapshot', id, name: titleOf({ id, name }) } as const;
  const operation = newOperation(deps, { kind, subject, generation: 0, principal: principal.name });
  requireWritable(vm);
  const { restartPolicy, autoSuspend, autoWake, ...spec } = presentSpec(vm);
  const snapshot: Snapshot = {
    id,
    name,
    description,
    labels,
    state: 'creating',
    operationId: operation.id,
    failure: null,
    isTemporary,
    source: { id: vm.id, name: vm.name },
    spec: { ...spec, disks: withoutVolumes(spec.disks) },
    // What somebody else's VM is given is not for whoever saves it.
    secrets: vm.owner === principal.name ? vm.secrets : [],
    imageDigest,
    sizeBytes: null,
    haltedMs: null,
    owner: principal.name,
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
  return { snapshot, operation };
}

/**
 * What is in a volume is saved with the machine that writes to it. What one only reads may be another by the time that somebody goes on from what was saved. Throws
 * `failed_precondition` snapshot.reads_volume.
 */
function requireWritable({ name, spec }: Vm): void {
  const read = spec.disks.find(({ volume, isReadonly }) => volume !== null && isReadonly);
  if (read === undefined) return;
  throw new VolaryError(
    'failed_precondition',
    `${name} cannot be saved: its disk ${read.name} is a volume that it only reads, and others may change later.`,
    { reason: 'snapshot.reads_volume', details: { disk: read.name } },
  );
}

/** Throws `resource_exhausted` snapshot.too_many, host.no_disk. */
export async function admit(deps: SnapshotDeps, tables: Tables, vm: Vm, facts: HostFacts): Promise<void> {
  const { maxSnapshots } = deps.config.limits;
  if ((await tables.snapshots.count()) >= maxSnapshots) {
    throw new VolaryError('resource_exhausted', `There are ${maxSnapshots} snapshots, and there may be no more.`, {
      reason: 'snapshot.too_many',
      details: { maximum: maxSnapshots },
    });
  }
  admitSnapshot(presentSpec(vm).memoryMib, facts, deps.config.limits);
}

/** Writes a new snapshot with its operation and its events. Throws `already_exists` snapshot.name_taken. */
export async function storeSnapshot(tables: Tables, { snapshot, operation }: AcceptedSnapshot): Promise<void> {
  const at = snapshot.createdAt;
  await tables.snapshots.insert(snapshot);
  await tables.operations.insert(operation);
  await tables.events.append([
    operationEvent('operation.created', operation, at),
    snapshotEvent('snapshot.created', snapshot, operation, at),
  ]);
}

/** Publishes the hints of a change of a snapshot, and has it worked on. */
export function announceSnapshot(
  { bus, queue }: Pick<SnapshotDeps, 'bus' | 'queue'>,
  { snapshot, operation }: { readonly snapshot: Snapshot; readonly operation: Operation },
): void {
  bus.publish('events', '');
  bus.publish('operation', operation.id);
  queue.enqueue(`snapshot:${snapshot.id}`);
}

function checkRequest({ name, description, labels }: CreateSnapshotRequest): void {
  if (name !== null) checkSnapshotName(name);
  checkLabels(labels);
  if (description.length <= SNAPSHOT_DESCRIPTION_LENGTH) return;
  throw new VolaryError('invalid_argument', `description may have ${SNAPSHOT_DESCRIPTION_LENGTH} characters.`, {
    reason: 'snapshot.description_too_long',
    details: { field: 'description', maximum: SNAPSHOT_DESCRIPTION_LENGTH },
  });
}
