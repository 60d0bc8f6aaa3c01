import type {
  AcceptedSnapshot,
  Fork as ForkDto,
  ForkItem as ForkItemDto,
  ForkVmRequest,
  RestoredVmRequest,
  Snapshot as SnapshotDto,
} from '@volary/contract';
import { networkWords } from '../../../domain/network/words.ts';
import type { Operation } from '../../../domain/operation/operation.ts';
import type { Snapshot } from '../../../domain/snapshot/snapshot.ts';
import type {
  Forked,
  ForkItem,
  ForkRequest,
  RestoredVmRequest as RestoredVm,
} from '../../../engine/apis/snapshot-api.ts';
import { statusOf } from '../../errors-to-status.ts';
import { toCloudInitDto } from './cloud-init-dto.ts';
import { toLifetime, toSleepSpec } from './life-dto.ts';
import { toErrorDto, toOperationDto } from './operation-dto.ts';
import { toGrants, toVmSecretDto } from './secret-dto.ts';
import { toIso } from './to-iso.ts';
import { toVmDto } from './vm-dto.ts';

/** A snapshot as `/v1` shows it. */
export function toSnapshotDto(snapshot: Snapshot): SnapshotDto {
  const { spec, source, failure } = snapshot;
  return {
    id: snapshot.id,
    name: snapshot.name,
    description: snapshot.description,
    labels: snapshot.labels,
    state: snapshot.state,
    operation_id: snapshot.operationId,
    failure: failure === null ? null : { reason: failure.reason, message: failure.message },
    is_temporary: snapshot.isTemporary,
    source_vm_id: source.id,
    source_vm_name: source.name,
    template: spec.template,
    cloud_init: toCloudInitDto(spec.cloudInit),
    image: spec.image,
    image_digest: snapshot.imageDigest,
    vcpus: spec.vcpuCount,
    memory_mib: spec.memoryMib,
    disk_gib: spec.diskGib,
    network: networkWords(spec.network),
    secrets: snapshot.secrets.map(toVmSecretDto),
    size_bytes: snapshot.sizeBytes,
    halted_ms: snapshot.haltedMs,
    owner: snapshot.owner,
    revision: snapshot.revision,
    created_at: toIso(snapshot.createdAt),
    updated_at: toIso(snapshot.updatedAt),
  };
}

/** An operation on a snapshot, with the snapshot as it was then; null when it is gone. */
export function toAcceptedSnapshotDto(operation: Operation, snapshot: Snapshot | null): AcceptedSnapshot {
  return { ...toOperationDto(operation), snapshot: snapshot === null ? null : toSnapshotDto(snapshot) };
}

/** A fork that is under way. */
export function toForkDto({ operation, items }: Forked): ForkDto {
  return { operation: toOperationDto(operation), items: items.map(toForkItemDto) };
}

function toForkItemDto(item: ForkItem): ForkItemDto {
  if (item.kind === 'refused') {
    const { error } = item;
    return { status: statusOf(error), vm: null, operation: null, error: toErrorDto(error) };
  }
  const { vm, operation } = item;
  return { status: 202, vm: vm === null ? null : toVmDto(vm), operation: toOperationDto(operation), error: null };
}

/** What is asked for by `POST /v1/snapshots/{ref}/vms`. */
export function toRestoredVm(body: RestoredVmRequest): RestoredVm {
  const { name, vcpus, memory_mib, disk_gib, restart_policy, labels, metadata } = body;
  return {
    name: name ?? null,
    spec: {
      ...(vcpus === undefined ? {} : { vcpuCount: vcpus }),
      ...(memory_mib === undefined ? {} : { memoryMib: memory_mib }),
      ...(disk_gib === undefined ? {} : { diskGib: disk_gib }),
      ...(restart_policy === undefined ? {} : { restartPolicy: restart_policy }),
      ...toSleepSpec(body),
    },
    ...toLifetime(body),
    ...toGrants(body),
    labels: labels ?? {},
    metadata: metadata ?? {},
  };
}

/** What is asked for by `POST /v1/vms/{ref}/fork`. */
export function toForkRequest({ count, names, name_prefix, labels }: ForkVmRequest): ForkRequest {
  return {
    count: count ?? names?.length ?? 1,
    names: names ?? null,
    namePrefix: name_prefix ?? null,
    labels: labels ?? {},
  };
}
