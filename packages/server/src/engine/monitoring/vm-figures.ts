import type { Reading } from '../../domain/metrics/stretch.ts';
import { VM_PHASES, type VmPhase } from '../../domain/vm/phase.ts';
import type { VmHealth } from '../../domain/vm/vm.ts';
import type { Meter, Sample } from '../../ports/meter.ts';
import type { EngineDeps } from '../deps.ts';
import type { Sampler } from '../metrics/sampler.ts';
import { everyVm } from '../queries/every-vm.ts';

/** What is told of one that runs: of ten thousand of them no more is held. */
interface Row {
  readonly labels: { readonly vm: string; readonly name: string };
  readonly cpus: number;
  readonly health: VmHealth;
  readonly reading: Reading | null;
}

type VmDeps = Pick<EngineDeps, 'store' | 'turns'> & { readonly sampler: Pick<Sampler, 'latest'> };

interface Figure {
  readonly kind: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  /** Null: not known now. */
  readonly of: (row: Row) => number | null;
}

/** `of` a guest that tells of itself. */
function ofGuest(of: (guest: NonNullable<Reading['guest']>) => number | null): Figure['of'] {
  return ({ reading }) => (reading === null || reading.guest === null ? null : of(reading.guest));
}

/** One figure for each VM. Counters are the guest's own, and begin anew when it boots. */
const FIGURES: readonly Figure[] = [
  gauge('vm_cpus', 'Virtual processors.', ({ cpus }) => cpus),
  gauge('vm_healthy', '1 where the agent answers and the health check, if there is one, succeeds, else 0.', isHealthy),
  gauge(
    'vm_uptime_seconds',
    'Since the guest booted.',
    ofGuest(({ uptimeMs }) => uptimeMs / 1_000),
  ),
  gauge(
    'vm_memory_size_bytes',
    'Memory that the guest has.',
    ofGuest(({ levels }) => levels.memoryTotalBytes),
  ),
  gauge(
    'vm_memory_used_bytes',
    'Memory that a program could not have.',
    ofGuest(({ levels }) => levels.memoryUsedBytes),
  ),
  gauge(
    'vm_memory_cached_bytes',
    'Memory that caches files.',
    ofGuest(({ levels }) => levels.memoryCachedBytes),
  ),
  gauge(
    'vm_disk_size_bytes',
    "Size of the root's file system.",
    ofGuest(({ levels }) => levels.diskTotalBytes),
  ),
  gauge(
    'vm_disk_used_bytes',
    "Used of the root's file system.",
    ofGuest(({ levels }) => levels.diskUsedBytes),
  ),
  gauge(
    'vm_processes',
    'Processes in the guest.',
    ofGuest(({ levels }) => levels.processCount),
  ),
  counter(
    'vm_disk_read_bytes_total',
    'Read from all disks.',
    ofGuest(({ counts }) => counts.diskReadBytes),
  ),
  counter(
    'vm_disk_written_bytes_total',
    'Written to all disks.',
    ofGuest(({ counts }) => counts.diskWrittenBytes),
  ),
  counter(
    'vm_disk_reads_completed_total',
    'Operations of reading from all disks.',
    ofGuest(({ counts }) => counts.diskReads),
  ),
  counter(
    'vm_disk_writes_completed_total',
    'Operations of writing to all disks.',
    ofGuest(({ counts }) => counts.diskWrites),
  ),
  counter(
    'vm_network_receive_bytes_total',
    'Received.',
    ofGuest(({ sums }) => sums.networkReceivedBytes),
  ),
  counter(
    'vm_network_transmit_bytes_total',
    'Sent.',
    ofGuest(({ sums }) => sums.networkSentBytes),
  ),
  counter(
    'vm_network_receive_packets_total',
    'Packets received.',
    ofGuest(({ counts }) => counts.packetsReceived),
  ),
  counter(
    'vm_network_transmit_packets_total',
    'Packets sent.',
    ofGuest(({ counts }) => counts.packetsSent),
  ),
  counter(
    'vm_monitor_cpu_seconds_total',
    'Time of processors of the host that the monitor of a VM without an agent used.',
    ({ reading }) => (reading === null || reading.guest !== null ? null : reading.cpuUsedMs / 1_000),
  ),
];

const CPU_MODES = {
  user: 'cpuUserMs',
  system: 'cpuSystemMs',
  iowait: 'cpuIowaitMs',
  steal: 'cpuStealMs',
} as const satisfies Record<string, keyof NonNullable<Reading['guest']>['sums']>;

/** Defines what is told of VMs; the function looks at all of them now. */
export function createVmFigures(meter: Meter, { store, turns, sampler }: VmDeps): () => Promise<void> {
  const figures = FIGURES.map(({ kind, of, ...measure }) => ({
    of,
    measure: meter[kind]({ ...measure, labels: ['vm', 'name'] }),
  }));
  const phases = meter.gauge({ name: 'volary_vms', help: 'VMs, by phase.', labels: ['phase'] });
  const cpu = meter.counter({
    name: 'volary_vm_cpu_seconds_total',
    help: 'Time of virtual processors, by what the guest did with it; iowait and steal are time in which they did nothing.',
    labels: ['vm', 'name', 'mode'],
  });

  return async () => {
    const latest = sampler.latest();
    const counts = new Map<VmPhase, number>(VM_PHASES.map((phase) => [phase, 0]));
    const rows: Row[] = [];
    for await (const vm of everyVm(store)) {
      counts.set(vm.status.phase, (counts.get(vm.status.phase) ?? 0) + 1);
      if (vm.status.phase !== 'running') continue;
      const { id, name, health, machine, spec } = vm;
      const cpus = machine?.vcpuCount ?? spec.vcpuCount;
      rows.push({ labels: { vm: id, name }, cpus, health, reading: latest.get(id)?.reading ?? null });
      if (rows.length % 100 === 0) await turns.share();
    }
    phases.replace([...counts].map(([phase, value]) => ({ labels: { phase }, value })));
    for (const { measure, of } of figures) {
      await turns.share();
      measure.replace(samplesOf(rows, of));
    }
    await turns.share();
    cpu.replace(cpuSamplesOf(rows));
  };
}

function* samplesOf(rows: readonly Row[], of: Figure['of']): Iterable<Sample<'vm' | 'name'>> {
  for (const row of rows) {
    const value = of(row);
    if (value !== null) yield { labels: row.labels, value };
  }
}

function* cpuSamplesOf(rows: readonly Row[]): Iterable<Sample<'vm' | 'name' | 'mode'>> {
  for (const { labels, reading } of rows) {
    if (reading === null || reading.guest === null) continue;
    for (const [mode, sum] of Object.entries(CPU_MODES))
      yield { labels: { ...labels, mode }, value: reading.guest.sums[sum] / 1_000 };
  }
}

/** Who has not been asked yet is neither. */
function isHealthy({ health }: Row): number | null {
  if (health === 'unknown' || health === 'starting') return null;
  return health === 'healthy' ? 1 : 0;
}

function gauge(name: string, help: string, of: Figure['of']): Figure {
  return { kind: 'gauge', name: `volary_${name}`, help, of };
}

function counter(name: string, help: string, of: Figure['of']): Figure {
  return { kind: 'counter', name: `volary_${name}`, help, of };
}
