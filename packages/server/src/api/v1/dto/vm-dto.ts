import type { CreateVmRequest, StopVmRequest, Vm as VmDto } from '@volary/contract';
import { LIMITS } from '@volary/contract';
import { alertWords } from '../../../domain/alert/vm-alerts.ts';
import { networkOf } from '../../../domain/network/vm-network.ts';
import { networkWords } from '../../../domain/network/words.ts';
import { cloudInitStatusOf } from '../../../domain/vm/cloud-init-status.ts';
import { diskWords } from '../../../domain/vm/disk-words.ts';
import { needsRestart, pendingChanges } from '../../../domain/vm/settings.ts';
import type { VmSpec } from '../../../domain/vm/spec.ts';
import type { Failure, Vm } from '../../../domain/vm/vm.ts';
import type { CreateVmRequest as CreateVm } from '../../../domain/vm/vm-request.ts';
import { actionWords, healthCheckWords, workloadWords } from '../../../domain/workload/words.ts';
import { toCloudInitDto, toCloudInitSpec, toCloudInitStatusDto } from './cloud-init-dto.ts';
import { toExtraDisk } from './extra-disk-dto.ts';
import { toAutoSuspendDto, toLifetime, toSleepSpec } from './life-dto.ts';
import { toAskedNetwork } from './network-dto.ts';
import { toGrants, toVmSecretDto } from './secret-dto.ts';
import { toIso, toIsoOrNull } from './to-iso.ts';
import { toAlertsSpec } from './vm-alerts-dto.ts';
import { toAskedVolume } from './vm-volume-dto.ts';
import { toWorkloadSpec, toWorkloadStatusDto } from './workload-dto.ts';

/** A VM as `/v1` shows it. The driver's handle stays inside: it holds paths of the host. */
export function toVmDto(vm: Vm): VmDto {
  const { spec, status, desired } = vm;
  return {
    id: vm.id,
    name: vm.name,
    owner: vm.owner,
    deployment: toReplicaDto(vm),
    phase: status.phase,
    phase_since: toIso(status.since),
    operation_id: 'operationId' in status ? status.operationId : null,
    deadline_at: 'deadlineAt' in status ? toIso(status.deadlineAt) : null,
    failure: 'failure' in status ? toFailureDto(status.failure) : null,
    desired: { power: desired.power, incarnation: desired.incarnation, grace_ms: desired.graceMs },
    health: vm.health,
    environment: spec.environment,
    workload: workloadWords(spec.workload),
    workload_status: vm.workloadStatus === null ? null : toWorkloadStatusDto(vm.workloadStatus),
    health_check: healthCheckWords(spec.healthCheck),
    actions: actionWords(spec.actions),
    restart_policy: spec.restartPolicy,
    restart_count: vm.restarts.count,
    restart_at: toIsoOrNull(vm.restarts.at),
    suspension: vm.suspension === null ? null : { ...vm.suspension, at: toIso(vm.suspension.at) },
    auto_suspend: toAutoSuspendDto(spec.autoSuspend),
    auto_wake: spec.autoWake,
    alerts: alertWords(spec.alerts),
    expires_at: toIsoOrNull(vm.expiry?.at ?? null),
    template: spec.template,
    tools: spec.tools.map(({ name, version, digest }) => ({ name, version, digest })),
    cloud_init: toCloudInitDto(spec.cloudInit),
    disks: spec.disks.map(diskWords),
    cloud_init_status: toCloudInitStatusDto(cloudInitStatusOf(vm)),
    image: spec.image,
    image_digest: vm.imageDigest,
    snapshot_id: vm.origin?.snapshotId ?? null,
    warm: vm.warmStart,
    vcpus: spec.vcpuCount,
    memory_mib: spec.memoryMib,
    disk_gib: spec.diskGib,
    network: networkWords(spec.network),
    labels: vm.labels,
    metadata: vm.metadata,
    secrets: vm.secrets.map(toVmSecretDto),
    pending_changes: pendingChanges(vm),
    restart_required: needsRestart(vm),
    driver: vm.driver,
    host: vm.hostId,
    pid: vm.pid,
    ip: vm.ip,
    incarnation: vm.incarnation,
    generation: vm.generation,
    revision: vm.revision,
    created_at: toIso(vm.createdAt),
    updated_at: toIso(vm.updatedAt),
    started_at: toIsoOrNull(vm.startedAt),
  };
}

function toReplicaDto({ replicaOf }: Vm): VmDto['deployment'] {
  return replicaOf === null
    ? null
    : { id: replicaOf.deploymentId, index: replicaOf.index, revision: replicaOf.revision };
}

function toFailureDto(failure: Failure): NonNullable<VmDto['failure']> {
  return {
    generation: failure.generation,
    reason: failure.reason,
    message: failure.message,
    console_tail: failure.consoleTail,
    at: toIso(failure.at),
  };
}

/** What is asked for by `POST /v1/vms`. What it leaves open, the engine decides. Throws `invalid_argument` vm.invalid_cloud_init. */
export async function toCreateVm(body: CreateVmRequest): Promise<CreateVm> {
  return {
    name: body.name ?? null,
    ...(body.driver === undefined ? {} : { driver: body.driver }),
    ...(body.template === undefined || body.template === null ? {} : { template: body.template }),
    spec: {
      ...toPartialSpec(body),
      ...toSleepSpec(body),
      ...toAlertsSpec(body),
      ...toWorkloadSpec(body),
      ...(await toCloudInitSpec(body)),
      ...(body.disks === undefined ? {} : { disks: body.disks.map(toExtraDisk) }),
    },
    ...(body.tools === undefined ? {} : { tools: body.tools }),
    labels: body.labels ?? {},
    metadata: body.metadata ?? {},
    start: body.start ?? true,
    warmStart: body.warm ?? 'auto',
    ...(body.volumes === undefined ? {} : { volumes: body.volumes.map(toAskedVolume) }),
    ...toLifetime(body),
    ...toGrants(body),
  };
}

/** What is asked for of a VM's machine. */
export function toPartialSpec({
  image,
  vcpus,
  memory_mib,
  disk_gib,
  network,
  restart_policy,
}: Pick<
  CreateVmRequest,
  'image' | 'vcpus' | 'memory_mib' | 'disk_gib' | 'network' | 'restart_policy'
>): Partial<VmSpec> {
  return {
    ...(image === undefined ? {} : { image }),
    ...(vcpus === undefined ? {} : { vcpuCount: vcpus }),
    ...(memory_mib === undefined ? {} : { memoryMib: memory_mib }),
    ...(disk_gib === undefined ? {} : { diskGib: disk_gib }),
    ...(network === undefined ? {} : { network: networkOf(toAskedNetwork(network)) }),
    ...(restart_policy === undefined ? {} : { restartPolicy: restart_policy }),
  };
}

/** How long the guest may take to shut down; 0 when it is not to be asked. */
export function toGraceMs({ grace_ms, force }: StopVmRequest): number {
  return force === true ? 0 : (grace_ms ?? LIMITS.graceMs.default);
}
