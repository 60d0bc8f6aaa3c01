import type { Store } from '../../ports/store.ts';
import type { Ages } from '../ages.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { settleAllSkipped } from '../webhooks/settle.ts';

type RetentionDeps = Pick<EngineDeps, 'store' | 'clock'> & {
  readonly config: EngineConfig;
  readonly ages: Ages;
};

/** Rows dropped in one transaction: whoever writes meanwhile waits for some milliseconds. An execution has up to 32 MiB of output. */
const BATCH = { events: 500, audit: 500, operations: 500, executions: 8, alerts: 500 } as const;
/** Between two transactions, so that others have their turn. Milliseconds. */
const PAUSE_MS = 10;

/**
 * Drops what has been kept long enough: events from the log's beginning, finished operations, finished executions with their
 * output, alerts that are over, entries of the audit. Never anything of what is not finished, nor an operation that a repeated request may still ask for.
 */
export async function dropOld({ store, clock, config, ages }: RetentionDeps, signal: AbortSignal): Promise<void> {
  const { eventMs, eventCount, finishedMs, idempotencyMs, auditMs } = config.limits;
  const completedBefore = ages.before(Math.max(finishedMs, idempotencyMs));

  async function drop(limit: number, batch: () => Promise<number>): Promise<void> {
    while ((await batch()) === limit) await clock.sleep(PAUSE_MS, { signal });
  }

  const { events, audit, operations, executions, alerts } = BATCH;
  const oldEvents = { before: ages.before(eventMs), keep: eventCount, limit: events };
  if (await hasOld(store, oldEvents)) await settleAllSkipped({ store });
  await drop(events, () => store.events.trim(oldEvents));
  const oldEntries = { before: ages.before(auditMs), limit: audit };
  await drop(audit, () => store.audit.deleteOld(oldEntries));
  await drop(operations, () => store.operations.deleteFinished({ completedBefore, limit: operations }));
  await drop(executions, () => store.executions.deleteFinished({ completedBefore, limit: executions }));
  await drop(alerts, () => store.alerts.deleteResolved({ before: ages.before(finishedMs), limit: alerts }));
}

async function hasOld(
  { events }: Pick<Store, 'events'>,
  { before, keep }: { before: number; keep: number },
): Promise<boolean> {
  const { first, last } = await events.bounds();
  const [oldest] = await events.list({ after: first - 1, limit: 1 });
  return oldest !== undefined && (oldest.at < before || oldest.sequence <= last - keep);
}
