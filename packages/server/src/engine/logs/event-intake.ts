import { lineOfEvent } from '../../domain/logs/line-of-event.ts';
import type { EngineDeps } from '../deps.ts';
import { waitFor } from '../queries/wait-for.ts';
import { untilDone } from './failures.ts';

type EventDeps = Pick<EngineDeps, 'store' | 'logs' | 'bus' | 'clock' | 'log'>;

const KEY = 'events';
const PAGE = 256;
const WAIT_MS = 60_000;

/** Takes what happens into the log, each event once, until the signal is aborted. */
export async function takeEvents(deps: EventDeps, { signal }: { readonly signal: AbortSignal }): Promise<void> {
  await untilDone(deps, { source: 'events', signal }, (isWell) => takeUntilFault(deps, { signal, isWell }));
}

async function takeUntilFault(
  { store, logs, bus, clock }: EventDeps,
  { signal, isWell }: { readonly signal: AbortSignal; readonly isWell: () => void },
): Promise<never> {
  const { first, last } = await store.events.bounds();
  let after = (await logs.cursor(KEY)) ?? first - 1;
  if (after > last) {
    // Of another database.
    await logs.dropCursors([KEY]);
    after = first - 1;
  }
  for (;;) {
    const page = await waitFor(
      { bus, clock },
      { topic: 'events', key: '' },
      { timeoutMs: WAIT_MS, signal },
      async () => {
        const events = await store.events.list({ after, limit: PAGE });
        return events.length > 0 ? events : undefined;
      },
    );
    const to = page?.at(-1)?.sequence;
    if (page !== undefined && to !== undefined) {
      await logs.append(page.map(lineOfEvent), { key: KEY, to });
      after = to;
      for (const vmId of new Set(page.map((event) => event.vmId ?? ''))) bus.publish('logs', vmId);
    }
    isWell();
  }
}
