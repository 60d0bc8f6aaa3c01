import type { Alert, AlertKind } from '../../domain/alert/alert.ts';
import type { EventType, NewEvent } from '../../domain/events.ts';
import type { Stretch } from '../../domain/metrics/stretch.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { Vm } from '../../domain/vm/vm.ts';

/** The figure that an alert of this kind goes by: percent, or of health 1 where something is wrong, else 0; null: not known now. */
export function figureOf(kind: AlertKind, vm: Vm, stretch: Stretch | null): number | null {
  if (kind === 'health') return badHealth(vm);
  if (stretch === null) return null;
  if (kind === 'cpu') return (100 * stretch.cpuUsedMs) / stretch.lengthMs;
  const { memoryUsedBytes, memoryTotalBytes, diskUsedBytes, diskTotalBytes } = stretch.figures;
  // Not by what a monitor holds of its host's memory, which is all of it once the guest has touched that.
  const [used, total] = kind === 'memory' ? [memoryUsedBytes, memoryTotalBytes] : [diskUsedBytes, diskTotalBytes];
  return used === null || total === null || total === 0 ? null : (100 * used) / total;
}

function badHealth({ health }: Vm): number | null {
  if (health === 'unknown' || health === 'starting') return null;
  return health === 'healthy' ? 0 : 1;
}

/** Why it fires, as a sentence. */
export function messageOf(kind: AlertKind, { health }: Vm, figure: number): string {
  const percent = `${Math.round(figure)} %`;
  switch (kind) {
    case 'cpu':
      return `Its processors are busy ${percent} of the time.`;
    case 'memory':
      return `${percent} of its memory is used.`;
    case 'disk':
      return `${percent} of the file system of its root is used.`;
    case 'health':
      return health === 'degraded' ? 'Its agent does not answer.' : 'Its health check fails.';
    default:
      return kind satisfies never;
  }
}

/** An event about an alert. */
export function alertEvent(
  type: Extract<EventType, `alert.${string}`>,
  { id, kind, vmId, vmName, owner, threshold, value }: Alert,
  message: string,
  at: EpochMs,
): NewEvent {
  const data = { kind, name: vmName, threshold, value, message };
  return { type, at, subject: id, vmId, owner, operationId: null, data };
}
