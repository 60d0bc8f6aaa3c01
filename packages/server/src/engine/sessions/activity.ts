import type { VmId } from '../../domain/ids.ts';
import type { Clock } from '../../ports/clock.ts';

/** Who uses which guests right now, and who has: in this process alone. Commands are not counted here, they have rows. */
export interface Activity {
  /** Somebody begins to use the guest, until the returned function is called. */
  begin(vmId: VmId): () => void;
  /** Whether anybody uses it, or has since this moment of the clock that does not jump. */
  isBusySince(vmId: VmId, sinceMs: number): boolean;
}

export function createActivity({ monotonicMs }: Pick<Clock, 'monotonicMs'>): Activity {
  const users = new Map<VmId, number>();
  const lastMs = new Map<VmId, number>();

  function end(vmId: VmId): void {
    const left = (users.get(vmId) ?? 1) - 1;
    if (left > 0) users.set(vmId, left);
    else users.delete(vmId);
    lastMs.set(vmId, monotonicMs());
  }

  return {
    begin(vmId) {
      users.set(vmId, (users.get(vmId) ?? 0) + 1);
      let isOver = false;
      return () => {
        if (!isOver) end(vmId);
        isOver = true;
      };
    },
    isBusySince: (vmId, sinceMs) => users.has(vmId) || (lastMs.get(vmId) ?? Number.NEGATIVE_INFINITY) >= sinceMs,
  };
}

/** The same items; whoever reads them uses the guest until the end, or until he lets go. */
export async function* used<T>(items: AsyncIterable<T>, end: () => void): AsyncGenerator<T> {
  try {
    yield* items;
  } finally {
    end();
  }
}
