import type { UpdateVmRequest, VmConfigState, VmRevisionConfig, VmRevision as VmRevisionDto } from '@volary/contract';
import type { VmRevision } from '../../../domain/vm/revision.ts';
import { configOf, needsRestart, pendingChanges } from '../../../domain/vm/settings.ts';
import type { Vm } from '../../../domain/vm/vm.ts';
import type { UpdateVmRequest as UpdateVm } from '../../../engine/apis/config-api.ts';
import { toNewLifetime, toSleepSpec } from './life-dto.ts';
import { toAskedNetwork } from './network-dto.ts';
import { toGrants } from './secret-dto.ts';
import { toIso } from './to-iso.ts';
import { toNewAlerts } from './vm-alerts-dto.ts';
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
      ...(network === undefined ? {} : { network: toAskedNetwork(network) }),
      ...toWorkloadSpec(workload),
    },
    ...toSleepSpec(body),
    ...toNewAlerts(body),
    ...toNewLifetime(body),
    ...toGrants(body),
  };
}

/** How a VM is set, and what its machine has not of it. */
export function toConfigStateDto({ vm, number }: { readonly vm: Vm; readonly number: number }): VmConfigState {
  return {
    revision: number,
    config: configOf(vm),
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
  return { ...toRevisionDto(revision), config: configOf(revision.settings) };
}
