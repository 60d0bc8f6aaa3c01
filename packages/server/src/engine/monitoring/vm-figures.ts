import type { FigureName, Reading } from '../../domain/metrics/stretch.ts';
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

/** One figure for each VM. Counters are of the guest, and begin anew when it boots. */
const FIGURES: readonly Figure[] = [
  gauge('vm_cpus', 'Virtual processors.', ({ cpus }) => cpus),
  gauge('vm_healthy', '1 where the agent answers and the health check, if there is one, succeeds, else 0.', isHealthy),
  gauge('vm_uptime_seconds', 'Since the guest booted.', ({ reading }) =>
    reading?.teller === 'itself' ? reading.uptimeMs / 1_000 : null,
  ),
  gauge(
    'vm_memory_size_bytes',
    'Memory that the guest has.',
    ({ reading }) => reading?.figures.memoryTotalBytes ?? null,
  ),
  gauge('vm_memory_used_bytes', 'Memory that a program could not have.', ofGuest('memoryUsedBytes')),
  gauge('vm_memory_cached_bytes', 'Memory that caches files.', ofGuest('memoryCachedBytes')),
  gauge('vm_disk_size_bytes', "Size of the root's file system.", ofGuest('diskTotalBytes')),
  gauge('vm_disk_used_bytes', "Used of the root's file system.", ofGuest('diskUsedBytes')),
  gauge('vm_processes', 'Processes in the guest.', ofGuest('processCount')),
  ...devices('vm', '', ofGuest),
];

/**
 * The same of VMs whose guest does not tell, as it is seen from outside: under names of their own, since a counter that goes on as another one
 * would have begun anew, or done all at once.
 */
const MONITOR_FIGURES: readonly Figure[] = [
  counter(
    'vm_monitor_cpu_seconds_total',
    'Time of processors of the host that the monitor of a VM used whose agent does not tell.',
    ({ reading }) => reading && reading.cpuUsedMs / 1_000,
  ),
  gauge(
    'vm_monitor_memory_bytes',
    'Memory of the host that the monitor of a VM holds whose agent does not tell.',
    ofMonitor('memoryHeldBytes'),
  ),
  ...devices('vm_monitor', ', as its monitor or host counted', ofMonitor),
];

function ofGuest(name: FigureName): Figure['of'] {
  return ({ reading }) => (reading?.teller === 'itself' ? reading.figures[name] : null);
}

function ofMonitor(name: FigureName): Figure['of'] {
  return ({ reading }) => reading?.figures[name] ?? null;
}

/** What disks and network have done. */
function devices(prefix: string, how: string, of: (name: FigureName) => Figure['of']): readonly Figure[] {
  const figure = (name: string, help: string, figureName: FigureName): Figure =>
    counter(`${prefix}_${name}_total`, `${help}${how}.`, of(figureName));
  return [
    figure('disk_read_bytes', 'Read from all disks', 'diskReadBytes'),
    figure('disk_written_bytes', 'Written to all disks', 'diskWrittenBytes'),
    figure('disk_reads_completed', 'Operations of reading from all disks', 'diskReads'),
    figure('disk_writes_completed', 'Operations of writing to all disks', 'diskWrites'),
    figure('network_receive_bytes', 'Received', 'networkReceivedBytes'),
    figure('network_transmit_bytes', 'Sent', 'networkSentBytes'),
    figure('network_receive_packets', 'Packets received', 'packetsReceived'),
    figure('network_transmit_packets', 'Packets sent', 'packetsSent'),
  ];
}

const CPU_MODES = {
  user: 'cpuUserMs',
  system: 'cpuSystemMs',
  iowait: 'cpuIowaitMs',
  steal: 'cpuStealMs',
} as const satisfies Record<string, FigureName>;

/** Defines what is told of VMs; the function looks at all of them now. */
export function createVmFigures(meter: Meter, { store, turns, sampler }: VmDeps): () => Promise<void> {
  const define = ({ kind, of, ...measure }: Figure) => ({
    of,
    measure: meter[kind]({ ...measure, labels: ['vm', 'name'] }),
  });
  const [figures, monitorFigures] = [FIGURES.map(define), MONITOR_FIGURES.map(define)];
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
    const byMonitor = rows.filter(({ reading }) => reading?.teller === 'monitor');
    const told = [
      ...figures.map((each) => ({ ...each, among: rows })),
      ...monitorFigures.map((each) => ({ ...each, among: byMonitor })),
    ];
    for (const { measure, of, among } of told) {
      await turns.share();
      measure.replace(samplesOf(among, of));
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
    for (const [mode, name] of Object.entries(CPU_MODES)) {
      const usedMs = reading?.figures[name] ?? null;
      if (usedMs !== null) yield { labels: { ...labels, mode }, value: usedMs / 1_000 };
    }
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
