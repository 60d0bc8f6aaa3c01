import type { ReplicaOf } from '../../../../domain/deployment/deployment.ts';
import type { VmId } from '../../../../domain/ids.ts';
import type { AutoSuspend } from '../../../../domain/vm/auto-suspend.ts';
import type { Expiry } from '../../../../domain/vm/expiry.ts';
import { totalDiskGib } from '../../../../domain/vm/extra-disk.ts';
import { SETTLED_PHASES, TRANSIENT_PHASES } from '../../../../domain/vm/phase.ts';
import { RESTART_POLICIES } from '../../../../domain/vm/restarts.ts';
import type { VmSpec } from '../../../../domain/vm/spec.ts';
import {
  type DriverHandle,
  type Failure,
  type Origin,
  type Suspension,
  VM_HEALTHS,
  type Vm,
  type VmStatus,
} from '../../../../domain/vm/vm.ts';
import { WARM_STARTS } from '../../../../domain/vm/warm-start.ts';
import type { VmRow } from '../rows/vm-row.ts';
import { cloudInitStatus } from './cloud-init-status-column.ts';
import { readRow } from './damaged-row.ts';
import { decodeGrants, encodeGrants } from './grants-column.ts';
import { decodeMachine } from './machine-column.ts';
import { network } from './network-column.ts';
import * as read from './read-value.ts';
import { decodeSpec, encodeSpec } from './spec-column.ts';
import { workloadStatus } from './workload-status-column.ts';

/** A VM as a row. */
export function encodeVm(vm: Vm): VmRow {
  return {
    id: vm.id,
    name: vm.name,
    owner: vm.owner,
    deployment_id: vm.replicaOf?.deploymentId ?? null,
    deployment_index: vm.replicaOf?.index ?? null,
    deployment_revision: vm.replicaOf?.revision ?? null,
    image: vm.spec.image,
    vcpu_count: vm.spec.vcpuCount,
    memory_mib: vm.spec.memoryMib,
    // All of them: what is promised is summed up by this column. The root's part is what the others leave.
    disk_gib: totalDiskGib(vm.spec),
    network: JSON.stringify(vm.spec.network),
    spec: encodeSpec(vm.spec),
    template_name: vm.spec.template?.name ?? null,
    labels: JSON.stringify(vm.labels),
    metadata: JSON.stringify(vm.metadata),
    secrets: encodeGrants(vm.secrets),
    desired_power: vm.desired.power,
    desired_incarnation: vm.desired.incarnation,
    desired_grace_ms: vm.desired.graceMs,
    origin_snapshot_id: vm.origin?.snapshotId ?? null,
    origin_incarnation: vm.origin?.incarnation ?? null,
    origin_disk: vm.origin?.disk ?? null,
    warm_start: vm.warmStart,
    ...encodeStatus(vm.status),
    health: vm.health,
    restart_policy: vm.spec.restartPolicy,
    restart_count: vm.restarts.count,
    restart_at: vm.restarts.at,
    suspension: vm.suspension === null ? null : JSON.stringify(vm.suspension),
    auto_suspend: vm.spec.autoSuspend === null ? null : JSON.stringify(vm.spec.autoSuspend),
    auto_wake: vm.spec.autoWake ? 1 : 0,
    workload_status: vm.workloadStatus === null ? null : JSON.stringify(vm.workloadStatus),
    cloud_init_status: vm.cloudInitStatus === null ? null : JSON.stringify(vm.cloudInitStatus),
    expires_at: vm.expiry?.at ?? null,
    expiry_told_at: vm.expiry?.toldAt ?? null,
    driver: vm.driver,
    host_id: vm.hostId,
    handle: vm.handle === null ? null : JSON.stringify(vm.handle),
    machine: vm.machine === null ? null : JSON.stringify(vm.machine),
    image_digest: vm.imageDigest,
    incarnation: vm.incarnation,
    generation: vm.generation,
    revision: vm.revision,
    pid: vm.pid,
    ip: vm.ip,
    created_at: vm.createdAt,
    updated_at: vm.updatedAt,
    started_at: vm.startedAt,
  };
}

/** The id in a row. Throws `data_loss` store.damaged. */
export function decodeVmId({ id }: Pick<VmRow, 'id'>): VmId {
  return readRow({ what: 'vm', id }, () => vmId(id, 'id'));
}

/** The VM in a row. Throws `data_loss` store.damaged. */
export function decodeVm(row: VmRow): Vm {
  return readRow({ what: 'vm', id: row.id }, () => {
    const spec = decodeVmSpec(row);
    return {
      id: vmId(row.id, 'id'),
      name: read.text(row.name, 'name'),
      owner: read.text(row.owner, 'owner'),
      replicaOf: decodeReplicaOf(row),
      spec,
      labels: labels(row.labels, 'labels'),
      metadata: read.jsonObject(row.metadata, 'metadata'),
      secrets: decodeGrants(row.secrets, 'secrets'),
      desired: {
        power: power(row.desired_power, 'desired_power'),
        incarnation: read.count(row.desired_incarnation, 'desired_incarnation'),
        graceMs: read.count(row.desired_grace_ms, 'desired_grace_ms'),
      },
      origin: decodeOrigin(row),
      warmStart: warmStart(row.warm_start, 'warm_start'),
      status: decodeStatus(row),
      health: health(row.health, 'health'),
      workloadStatus: workloadStatus(row.workload_status, 'workload_status'),
      cloudInitStatus: cloudInitStatus(row.cloud_init_status, 'cloud_init_status'),
      restarts: {
        count: read.count(row.restart_count, 'restart_count'),
        at: optionalNumber(row.restart_at, 'restart_at'),
      },
      suspension: optionalSuspension(row.suspension, 'suspension'),
      expiry: decodeExpiry(row),
      driver: read.text(row.driver, 'driver'),
      hostId: hostId(row.host_id, 'host_id'),
      handle: row.handle === null ? null : decodeHandle(row.handle),
      machine: decodeMachine(row.machine, spec),
      imageDigest: optionalText(row.image_digest, 'image_digest'),
      incarnation: read.count(row.incarnation, 'incarnation'),
      generation: read.count(row.generation, 'generation'),
      revision: read.count(row.revision, 'revision'),
      pid: optionalCount(row.pid, 'pid'),
      ip: optionalText(row.ip, 'ip'),
      createdAt: read.number(row.created_at, 'created_at'),
      updatedAt: read.number(row.updated_at, 'updated_at'),
      startedAt: optionalNumber(row.started_at, 'started_at'),
    };
  });
}

function decodeVmSpec(row: VmRow): VmSpec {
  const stored = decodeSpec(row.spec, 'spec');
  return {
    image: read.text(row.image, 'image'),
    vcpuCount: read.count(row.vcpu_count, 'vcpu_count'),
    memoryMib: read.count(row.memory_mib, 'memory_mib'),
    diskGib: read.count(row.disk_gib, 'disk_gib') - totalDiskGib({ diskGib: 0, disks: stored.disks }),
    network: network(row.network, 'network'),
    restartPolicy: restartPolicy(row.restart_policy, 'restart_policy'),
    autoSuspend: optionalAutoSuspend(row.auto_suspend, 'auto_suspend'),
    autoWake: read.flag(row.auto_wake, 'auto_wake'),
    ...stored,
  };
}

function decodeReplicaOf(row: VmRow): ReplicaOf | null {
  if (row.deployment_id === null) return null;
  return {
    deploymentId: deploymentId(row.deployment_id, 'deployment_id'),
    index: read.count(row.deployment_index, 'deployment_index'),
    revision: read.count(row.deployment_revision, 'deployment_revision'),
  };
}

function decodeOrigin(row: VmRow): Origin | null {
  if (row.origin_snapshot_id === null) return null;
  return {
    snapshotId: snapshotId(row.origin_snapshot_id, 'origin_snapshot_id'),
    incarnation: read.count(row.origin_incarnation, 'origin_incarnation'),
    disk: originDisk(row.origin_disk, 'origin_disk'),
  };
}

function decodeExpiry(row: VmRow): Expiry | null {
  if (row.expires_at === null) return null;
  return {
    at: read.number(row.expires_at, 'expires_at'),
    toldAt: optionalNumber(row.expiry_told_at, 'expiry_told_at'),
  };
}

export type StatusColumns = Pick<
  VmRow,
  'phase' | 'phase_since' | 'phase_operation_id' | 'phase_deadline_at' | 'failure'
>;

function encodeStatus(status: VmStatus): StatusColumns {
  return {
    phase: status.phase,
    phase_since: status.since,
    phase_operation_id: 'operationId' in status ? status.operationId : null,
    phase_deadline_at: 'deadlineAt' in status ? status.deadlineAt : null,
    failure: status.phase === 'failed' ? JSON.stringify(status.failure) : null,
  };
}

export function decodeStatus(row: StatusColumns): VmStatus {
  const since = read.number(row.phase_since, 'phase_since');
  if (row.phase_operation_id !== null) {
    return {
      phase: transientPhase(row.phase, 'phase'),
      since,
      operationId: operationId(row.phase_operation_id, 'phase_operation_id'),
      deadlineAt: read.number(row.phase_deadline_at, 'phase_deadline_at'),
    };
  }
  if (row.phase === 'failed') return { phase: row.phase, since, failure: failure(row.failure, 'failure') };
  return { phase: restingPhase(row.phase, 'phase'), since };
}

function decodeHandle(column: string): DriverHandle {
  const { driver, version, state } = read.jsonObject(column, 'handle');
  return {
    driver: read.text(driver, 'handle.driver'),
    version: read.count(version, 'handle.version'),
    state: read.plainObject(state ?? null, 'handle.state'),
  };
}

const vmId = read.id('vm');
const deploymentId = read.id('dep');
const snapshotId = read.id('snap');
const originDisk = read.oneOf(['made', 'awaited', 'prepared']);
const hostId = read.id('host');
const operationId = read.id('op');
const optionalText = read.nullable(read.text);
const optionalCount = read.nullable(read.count);
const optionalNumber = read.nullable(read.number);
const labels = read.json(read.record(read.text));
export const power = read.oneOf(['running', 'paused', 'suspended', 'stopped', 'absent']);
const restartPolicy = read.oneOf(RESTART_POLICIES);
const warmStart = read.oneOf(WARM_STARTS);
const health = read.oneOf(VM_HEALTHS);
const transientPhase = read.oneOf(TRANSIENT_PHASES);
const restingPhase = read.oneOf(SETTLED_PHASES.filter((phase) => phase !== 'failed'));

const optionalAutoSuspend = read.nullable(
  read.json((value, field): AutoSuspend => {
    const stored = read.object(value, field);
    return {
      idleSeconds: read.count(stored['idleSeconds'], `${field}.idleSeconds`),
      cpuBelowPercent: read.number(stored['cpuBelowPercent'], `${field}.cpuBelowPercent`),
    };
  }),
);

const suspensionReason = read.oneOf(['requested', 'idle']);
const optionalSuspension = read.nullable(
  read.json((value, field): Suspension => {
    const stored = read.object(value, field);
    return {
      reason: suspensionReason(stored['reason'], `${field}.reason`),
      message: read.text(stored['message'], `${field}.message`),
      at: read.number(stored['at'], `${field}.at`),
      problem: optionalText(stored['problem'] ?? null, `${field}.problem`),
    };
  }),
);

const failure = read.json((value, field): Failure => {
  const stored = read.object(value, field);
  return {
    generation: read.count(stored['generation'], `${field}.generation`),
    reason: read.text(stored['reason'], `${field}.reason`),
    message: read.text(stored['message'], `${field}.message`),
    consoleTail: read.text(stored['consoleTail'], `${field}.consoleTail`),
    at: read.number(stored['at'], `${field}.at`),
  };
});
