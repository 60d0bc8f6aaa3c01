import type { Event } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';

/** What ends a VM's being ready. */
const ENDS = /^vm\.(deleting|deleted|failed|stopping|stopped|pausing|suspending|restarting)$/;
const PAGE = 200;

/**
 * How many VMs were ready, after each event that changed it: from the log of events, which has no gaps as looking again and again has. `ready`:
 * those that were, before the first event after `from`. `isChecked`: those that begin have a health check, and are ready when that says so.
 */
export async function readySeries(
  { events }: VolaryClient,
  {
    from,
    ready,
    isChecked = false,
  }: { readonly from: number; readonly ready: readonly string[]; readonly isChecked?: boolean },
): Promise<readonly number[]> {
  const now = new Set(ready);
  const series = [now.size];
  for (let after = from; ; ) {
    const { items } = await events.list({ after, limit: PAGE });
    for (const event of items) {
      const isReady = readinessTold(event, isChecked);
      if (isReady === true) now.add(event.subject);
      if (isReady === false) now.delete(event.subject);
      if (series.at(-1) !== now.size) series.push(now.size);
      after = event.sequence;
    }
    if (items.length < PAGE) return series;
  }
}

/** What an event says of its VM's being ready; null: nothing. Where there is no health check, an agent that answers is all. */
function readinessTold({ type, data }: Event, isChecked: boolean): boolean | null {
  if (type === 'vm.health_changed') return data['to'] === 'healthy';
  if (type === 'vm.started') return isChecked ? null : true;
  return ENDS.test(type) ? false : null;
}
