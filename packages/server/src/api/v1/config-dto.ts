import type {
  UpdateVmRequest,
  VmConfig,
  VmConfigState,
  VmRevisionConfig,
  VmRevision as VmRevisionDto,
} from '@volary/contract';
import { toolText } from '../../domain/tool/tool.ts';
import type { VmRevision } from '../../domain/vm/revision.ts';
import { needsRestart, pendingChanges, type VmSettings } from '../../domain/vm/settings.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { actionWords, healthCheckWords, openapiWords, workloadWords } from '../../domain/workload/words.ts';
import type { UpdateVmRequest as UpdateVm } from '../../engine/config/config-api.ts';
import { toCloudInitDto } from './cloud-init-dto.ts';
import { toAutoSuspendDto, toNewLifetime, toSleepSpec } from './life-dto.ts';
import { toGrants, toVmSecretDto } from './secret-dto.ts';
import { toIso, toIsoOrNull } from './to-iso.ts';
import { toWorkloadSpec } from './workload-dto.ts';

/** What is asked for by `PATCH /v1/vms/{ref}`. Throws `invalid_argument` vm.invalid_expiry. */
export function toUpdateVm(body: UpdateVmRequest): UpdateVm {
  const { name, labels, metadata, environment, vcpus, memory_mib, disk_gib, network, restart_policy } = body;
  const { environment: _merged, ...workload } = body;
  return {
    ...(name === undefined ? {} : { name }),
    ...(labels === undefined ? {} : { labels }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(environment === undefined ? {} : { environment }),
    ...(body.tools === undefined ? {} : { tools: body.tools }),
    spec: {
      ...(vcpus === undefined ? {} : { vcpuCount: vcpus }),
      ...(memory_mib === undefined ? {} : { memoryMib: memory_mib }),
      ...(disk_gib === undefined ? {} : { diskGib: disk_gib }),
      ...(restart_policy === undefined ? {} : { restartPolicy: restart_policy }),
      ...(network === undefined ? {} : { network }),
      ...toWorkloadSpec(workload),
    },
    ...toSleepSpec(body),
    ...toNewLifetime(body),
    ...toGrants(body),
  };
}

/** All that somebody can set of a VM, as `/v1` shows it: in the words by which changes name their paths. */
export function toConfigDto({ name, labels, metadata, secrets, spec, expiry }: VmSettings): VmConfig {
  return {
    name,
    image: spec.image,
    vcpus: spec.vcpuCount,
    memory_mib: spec.memoryMib,
    disk_gib: spec.diskGib,
    network: { mode: spec.network.mode, egress: spec.network.egress },
    restart_policy: spec.restartPolicy,
    auto_suspend: toAutoSuspendDto(spec.autoSuspend),
    auto_wake: spec.autoWake,
    template: spec.template,
    tools: spec.tools.map(toolText),
    environment: spec.environment,
    workload: workloadWords(spec.workload),
    health_check: healthCheckWords(spec.healthCheck),
    openapi: openapiWords(spec.openapi),
    actions: actionWords(spec.actions),
    disks: spec.disks.map(({ name, sizeGib }) => ({ name, size_gib: sizeGib })),
    cloud_init: toCloudInitDto(spec.cloudInit),
    expires_at: toIsoOrNull(expiry?.at ?? null),
    labels,
    metadata,
    secrets: secrets.map(toVmSecretDto),
  };
}

/** How a VM is set, and what its machine has not of it. */
export function toConfigStateDto({ vm, number }: { readonly vm: Vm; readonly number: number }): VmConfigState {
  return {
    revision: number,
    config: toConfigDto(vm),
    pending_changes: pendingChanges(vm),
    restart_required: needsRestart(vm),
    operation_id: 'operationId' in vm.status ? vm.status.operationId : null,
  };
}

export function toRevisionDto({ number, at, author, requestId, cause, changes }: VmRevision): VmRevisionDto {
  return {
    number,
    at: toIso(at),
    author,
    request_id: requestId,
    rolled_back_to: cause.kind === 'rolled-back' ? cause.to : null,
    changes: cause.kind === 'created' ? { created: true } : changes,
  };
}

export function toRevisionConfigDto(revision: VmRevision): VmRevisionConfig {
  return { ...toRevisionDto(revision), config: toConfigDto(revision.settings) };
}
