import type { JsonObject } from '@volary/contract';
import { bridgeOf } from '../../../domain/network/bridge.ts';
import type { Network } from '../../../domain/network/network.ts';
import type { VmPhase } from '../../../domain/vm/phase.ts';
import type { VmRevision } from '../../../domain/vm/revision.ts';
import { pendingChanges } from '../../../domain/vm/settings.ts';
import type { VmSpec } from '../../../domain/vm/spec.ts';
import type { Vm } from '../../../domain/vm/vm.ts';
import type { HealthReport } from '../../../engine/apis/health-api.ts';
import { toMoment } from '../moments.ts';
import type {
  Config,
  ConfigHistory,
  CreatedVm,
  ListedVm,
  UpdatedConfig,
  VmPower,
  Vm as VmShown,
  VmStatus,
} from './schemas.ts';

/** Does not compile until each phase is shown as something. */
const STATUSES: Readonly<Record<VmPhase, VmStatus>> = {
  pending: 'starting',
  provisioning: 'starting',
  starting: 'starting',
  resuming: 'starting',
  running: 'running',
  pausing: 'stopped',
  paused: 'stopped',
  suspending: 'stopped',
  suspended: 'stopped',
  stopping: 'stopped',
  stopped: 'stopped',
  restarting: 'restarting',
  updating: 'running',
  migrating: 'running',
  deleting: 'deleting',
  failed: 'error',
  unknown: 'error',
};
const PHASES = Object.entries(STATUSES);

export function statusOf({ status }: Pick<Vm, 'status'>): VmStatus {
  return STATUSES[status.phase];
}

/** Names of the phases that are shown as one of these. */
export function isShownAs(statuses: readonly VmStatus[]): (vm: Vm) => boolean {
  const names = new Set<string>(PHASES.filter(([, status]) => statuses.includes(status)).map(([phase]) => phase));
  return ({ status }) => names.has(status.phase);
}

export function toVmPower(vm: Vm): VmPower {
  return { name: vm.name, status: statusOf(vm), plugin: vm.spec.template?.name ?? null };
}

export function toCreatedVm(vm: Vm): CreatedVm {
  return { ...toVmPower(vm), ip: vm.ip, created_at: toMoment(vm.createdAt) };
}

export function toListedVm(vm: Vm): ListedVm {
  return {
    ...toVmPower(vm),
    ip: vm.ip,
    pid: vm.pid,
    created_at: toMoment(vm.createdAt),
    resources: toResources(vm.spec),
  };
}

/** `now`: where there is no check, whether its agent answers has been seen up to now. */
export function toVm({ vm, lastCheck }: HealthReport, now: number): VmShown {
  const seenAt = lastCheck?.at ?? (vm.spec.healthCheck === null && vm.health !== 'unknown' ? now : null);
  return {
    ...toListedVm(vm),
    health: { status: vm.health, last_check: seenAt === null ? null : toMoment(seenAt) },
  };
}

/** `network`: the one it is on; null where it is on none, or the caller may not know. */
export function toConfig({ spec }: Vm, network: Network | null): Config {
  return {
    resources: toResources(spec),
    network: { mode: spec.network.mode, bridge_name: network === null ? null : bridgeOf(network.id) },
    cloud_init: { enabled: spec.cloudInit !== null },
  };
}

export function toUpdatedConfig(vm: Vm): UpdatedConfig {
  // Nothing is given to a machine that runs: whatever it lacks, it has after its next start.
  return { resources: toResources(vm.spec), restart_required: Object.keys(pendingChanges(vm)).length > 0 };
}

function toResources({ vcpuCount, memoryMib }: VmSpec): { readonly vcpu: number; readonly memory_mb: number } {
  return { vcpu: vcpuCount, memory_mb: memoryMib };
}

/** Paths that this dialect has other words for. */
const PATHS: ReadonlyMap<string, string> = new Map([
  ['vcpus', 'resources.vcpu'],
  ['memory_mib', 'resources.memory_mb'],
  ['disk_gib', 'resources.disk_gb'],
]);

export function toConfigChange({ at, author, cause, changes }: VmRevision): ConfigHistory[number] {
  return { timestamp: toMoment(at), changes: cause.kind === 'created' ? { created: true } : renamed(changes), author };
}

function renamed(changes: VmRevision['changes']): JsonObject {
  return Object.fromEntries(Object.entries(changes).map(([path, change]) => [PATHS.get(path) ?? path, { ...change }]));
}
