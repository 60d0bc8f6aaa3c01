import type { HostMetricFigures, HostMetrics, VmMetrics } from '@volary/contract';
import { formatTable } from '../output/table.ts';
import { NONE, partOf, told } from '../top/draw-top.ts';

const HEAD = ['SINCE', 'CPU%', 'IOWAIT%', 'MEMORY', 'DISK', 'DISK R/s', 'DISK W/s', 'NET RX/s', 'NET TX/s'];

/**
 * The table of `volary metrics VM` and `volary host metrics`: each step, oldest first, and all of them together at its
 * end. Where nothing was measured a line says how many steps are missing. Ends with a newline.
 */
export function drawMetrics({ interval, step_seconds, series, metrics }: HostMetrics | VmMetrics): string {
  const rows: (readonly string[])[] = [];
  let last: number | null = null;
  for (const point of series) {
    const atStep: number = Math.round(Date.parse(point.timestamp) / 1_000 / step_seconds);
    const missing = last === null ? 0 : atStep - last - 1;
    if (missing > 0) rows.push([`(${missing} steps without)`, ...cellsOf(null)]);
    rows.push([point.timestamp.replace(/\.\d+Z$/, 'Z'), ...cellsOf(point.metrics)]);
    last = atStep;
  }
  return formatTable(HEAD, [...rows, [`the last ${interval}`, ...cellsOf(metrics)]]);
}

function cellsOf(figures: HostMetricFigures | null): readonly string[] {
  const { cpu = null, memory = null, disk = null, network = null } = figures ?? {};
  return [
    percent(cpu?.usage_percent),
    percent(cpu?.iowait_percent),
    partOf(memory?.used_bytes, memory?.total_bytes),
    partOf(disk?.used_bytes, disk?.total_bytes),
    told(disk?.read_bytes_per_second),
    told(disk?.write_bytes_per_second),
    told(network?.rx_bytes_per_second),
    told(network?.tx_bytes_per_second),
  ];
}

function percent(figure: number | null | undefined): string {
  return figure === null || figure === undefined ? NONE : figure.toFixed(1);
}
