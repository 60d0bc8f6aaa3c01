import type { Vm, VmMetrics } from '@volary/contract';
import { formatTable } from '../output/table.ts';

/** A VM, and what it did; null where nobody could tell any more. */
export interface TopRow {
  readonly vm: Pick<Vm, 'name' | 'phase' | 'vcpus' | 'health'>;
  readonly metrics: VmMetrics | null;
}

const BARS = '▁▂▃▄▅▆▇█';
const UNITS = ['B', 'K', 'M', 'G', 'T'];
/** What was not measured. */
export const NONE = '-';

/** The table of `volary top`, busiest first. `hasCurves`: with the processors' last steps as a curve. Ends with a newline. */
export function drawTop(rows: readonly TopRow[], { hasCurves }: { readonly hasCurves: boolean }): string {
  const sorted = rows.toSorted((a, b) => usageOf(b) - usageOf(a) || (a.vm.name < b.vm.name ? -1 : 1));
  const curve = hasCurves ? ['LAST'] : [];
  return formatTable(
    ['NAME', 'PHASE', 'CPU%', ...curve, 'MEMORY', 'DISK R/s', 'DISK W/s', 'NET RX/s', 'NET TX/s', 'PROCS', 'HEALTH'],
    sorted.map((row) => cellsOf(row, hasCurves)),
  );
}

function cellsOf({ vm, metrics }: TopRow, hasCurves: boolean): readonly string[] {
  const { cpu = null, memory = null, disk = null, network = null, processes = null } = metrics?.metrics ?? {};
  return [
    vm.name,
    vm.phase,
    cpu === null ? NONE : cpu.usage_percent.toFixed(1),
    ...(hasCurves ? [curveOf(metrics)] : []),
    partOf(memory?.used_bytes, memory?.total_bytes),
    told(disk?.read_bytes_per_second),
    told(disk?.write_bytes_per_second),
    told(network?.rx_bytes_per_second),
    told(network?.tx_bytes_per_second),
    processes === null ? NONE : String(Math.round(processes)),
    vm.health,
  ];
}

/** Bytes, or that nobody counted them. */
export function told(bytes: number | null | undefined): string {
  return bytes === null || bytes === undefined ? NONE : inUnits(bytes);
}

/** So much of so much, or that nobody told how much. */
export function partOf(used: number | null | undefined, total: number | null | undefined): string {
  return used === null || used === undefined ? NONE : `${inUnits(used)}/${told(total)}`;
}

/** What of all its vCPUs was used in each step of the interval, oldest first; a gap is a blank. */
export function curveOf(metrics: VmMetrics | null): string {
  if (metrics === null) return '';
  const { series, step_seconds } = metrics;
  let curve = '';
  let last: number | null = null;
  for (const { timestamp, metrics: figures } of series) {
    const atStep: number = Math.round(Date.parse(timestamp) / 1_000 / step_seconds);
    curve += ' '.repeat(last === null ? 0 : Math.max(0, atStep - last - 1));
    const share = Math.min(1, (figures.cpu?.usage_percent ?? 0) / 100);
    curve += BARS[Math.round(share * (BARS.length - 1))] ?? '';
    last = atStep;
  }
  return curve;
}

function usageOf({ metrics }: TopRow): number {
  return metrics?.metrics.cpu?.usage_percent ?? -1;
}

/** Bytes in three digits: 512B, 1.5K, 120M. */
export function inUnits(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1_000 && unit < UNITS.length - 1) [value, unit] = [value / 1_024, unit + 1];
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)}${UNITS[unit] ?? ''}`;
}
