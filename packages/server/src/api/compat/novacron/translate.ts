import { type OperationId, uuidOf } from '../../../domain/ids.ts';
import { macOfAddress, macOfUuid } from '../../../domain/network/mac.ts';
import type { VmNetwork } from '../../../domain/network/vm-network.ts';
import { VM_PHASES, type VmPhase } from '../../../domain/vm/phase.ts';
import { pendingChanges } from '../../../domain/vm/settings.ts';
import type { Vm } from '../../../domain/vm/vm.ts';
import { parseIp } from '../../../lib/ip-address.ts';
import { toMoment } from '../moments.ts';
import type { HYPERVISORS, ListedVm, VmDetails, VmStatus } from './vm-schemas.ts';

type Hypervisor = (typeof HYPERVISORS)[number];

/** Does not compile until each phase has its word. */
const STATUS_OF: Readonly<Record<VmPhase, VmStatus>> = {
  pending: 'provisioning',
  provisioning: 'provisioning',
  starting: 'starting',
  resuming: 'starting',
  running: 'running',
  pausing: 'suspended',
  paused: 'suspended',
  suspending: 'suspended',
  suspended: 'suspended',
  stopping: 'stopping',
  stopped: 'stopped',
  restarting: 'restarting',
  updating: 'updating',
  migrating: 'migrating',
  deleting: 'deleting',
  failed: 'error',
  unknown: 'error',
};

export function statusOf({ status: { phase } }: Pick<Vm, 'status'>): VmStatus {
  return STATUS_OF[phase];
}

/** The word for a phase as an event names it; null for what is none. */
export function statusOfPhase(phase: unknown): VmStatus | null {
  const known = VM_PHASES.find((one) => one === phase);
  return known === undefined ? null : STATUS_OF[known];
}

export function phasesOf(status: VmStatus): readonly VmPhase[] {
  return VM_PHASES.filter((phase) => STATUS_OF[phase] === status);
}

const HYPERVISOR_OF: Readonly<Record<string, Hypervisor>> = { qemu: 'kvm', firecracker: 'kvm', docker: 'docker' };

/** What runs the VMs of this driver; of a driver that only pretends to, that it does. */
export function hypervisorOf(driver: string): Hypervisor {
  return HYPERVISOR_OF[driver] ?? 'simulated';
}

/** The drivers of which this may be a VM. */
export function driversOf(hypervisor: Hypervisor): readonly string[] {
  const named = Object.entries(HYPERVISOR_OF).flatMap(([driver, shown]) => (shown === hypervisor ? [driver] : []));
  return hypervisor === 'simulated' ? ['simulated'] : named;
}

const MIB_PER_GIB = 1_024;

export function toListed(vm: Vm, region: string): ListedVm {
  const { spec } = vm;
  return {
    id: vm.id,
    name: vm.name,
    status: statusOf(vm),
    hypervisor: hypervisorOf(vm.driver),
    cloud_provider: 'onprem',
    region,
    resources: { cpu: spec.vcpuCount, memory_gb: spec.memoryMib / MIB_PER_GIB, storage_gb: spec.diskGib },
    network: { private_ip: vm.ip, public_ip: null, vpc_id: vpcOf(spec.network) },
    created_at: toMoment(vm.createdAt),
    updated_at: toMoment(vm.updatedAt),
  };
}

function vpcOf(network: VmNetwork): string | null {
  return network.mode === 'bridge' ? `vpc_${network.name}` : null;
}

/** What is looked up beside a VM. */
export interface Surroundings {
  readonly hostName: string;
  readonly version: string;
  readonly accelerator: 'kvm' | 'tcg' | 'none';
  readonly cpuPercent: number | null;
  readonly memoryPercent: number | null;
  readonly storagePercent: number | null;
  readonly alertCount: number;
}

export function toDetails(vm: Vm, around: Surroundings): VmDetails {
  const { id, spec, status } = vm;
  const hypervisor = hypervisorOf(vm.driver);
  return {
    id,
    name: vm.name,
    status: statusOf(vm),
    hypervisor,
    hypervisor_details: {
      host: around.hostName,
      version: around.version,
      uuid: uuidOf(id),
      ...(hypervisor === 'kvm' ? { accelerator: around.accelerator } : {}),
    },
    resources: {
      cpu: spec.vcpuCount,
      cpu_usage_percent: around.cpuPercent,
      memory_gb: spec.memoryMib / MIB_PER_GIB,
      memory_usage_percent: around.memoryPercent,
      storage_gb: spec.diskGib,
      storage_usage_percent: around.storagePercent,
    },
    network: { interfaces: interfacesOf(vm) },
    monitoring: {
      metrics_endpoint: `/vms/${id}/metrics`,
      logs_endpoint: `/vms/${id}/logs`,
      alerts_active: around.alertCount,
    },
    metadata: vm.metadata,
    error: status.phase === 'failed' ? status.failure.message : null,
  };
}

function interfacesOf(vm: Vm): VmDetails['network']['interfaces'] {
  if (vm.spec.network.mode === 'none') return [];
  return [{ name: 'eth0', mac: macOf(vm), private_ip: vm.ip, public_ip: null, bandwidth_mbps: null }];
}

/** On a network it goes by the address; else a driver that makes machines gives each one by its id. */
function macOf({ id, ip, driver }: Vm): string | null {
  const address = ip === null ? null : parseIp(ip);
  if (address !== null) return macOfAddress(Number(address.bits));
  return driver === 'docker' ? null : macOfUuid(uuidOf(id));
}

const PENDING_WORDS: Readonly<Record<string, string>> = { vcpus: 'cpu', memory_mib: 'memory', disk_gib: 'storage' };

/** What is set and its machine does not have. */
export function changesPending(vm: Vm): string[] {
  return Object.keys(pendingChanges(vm)).map((field) => PENDING_WORDS[field] ?? field);
}

/** The same operation, as the document calls it. */
export function jobId(id: OperationId, prefix: 'job' | 'batch_job' = 'job'): string {
  return `${prefix}_${id.slice(id.indexOf('_') + 1)}`;
}
