import { join } from 'node:path';
import type { Clock } from '../../../../ports/clock.ts';
import type { Log, LogFields } from '../../../../ports/log.ts';
import type { LogStore } from '../../../../ports/log-store.ts';
import { createSystemClock } from '../../../system/system-clock.ts';
import { openSqliteLogs } from '../../sqlite/sqlite-logs.ts';
import { createLokiLogs, type LokiLogs } from '../loki-logs.ts';
import type { Entry } from './loki-rules.ts';
import type { StrictLoki } from './strict-loki.ts';

/** A log in a real file that is handed over to this Loki. */
export interface OpenLogs extends LokiLogs, AsyncDisposable {
  readonly local: LogStore;
  /** What was said about it: messages with their fields. */
  readonly told: readonly (readonly [string, LogFields])[];
  /** Resolves when all that is kept here has been handed over, or will never be taken. */
  untilHandedOver(): Promise<void>;
  /** Drops all that is kept here. */
  forget(): Promise<void>;
}

export interface OpenOptions {
  readonly directory: string;
  readonly url: string;
  readonly clock?: Clock;
  readonly installation?: string;
  readonly tenant?: string;
  /** How long Loki may take for an answer; default: as long as any test. */
  readonly answerMs?: number;
  /** How long whoever waited for it in vain goes on without; default: not at all. */
  readonly restMs?: number;
}

const DAY_MS = 24 * 3_600_000;

export function openLogs({ directory, url, clock = createSystemClock(), ...options }: OpenOptions): OpenLogs {
  const { installation = 'host_test', tenant = null, answerMs = 60_000, restMs = 0 } = options;
  const told: (readonly [string, LogFields])[] = [];
  const log = createTold(told);
  const local = openSqliteLogs(join(directory, 'logs.db'), { log, writer: 'here' });
  const loki = createLokiLogs(
    { local, clock, log, random: () => 0.5 },
    { url, tenant, lookbackMs: DAY_MS, gatherMs: 1, answerMs, restMs },
  );
  loki.begin(installation);
  const { signal } = new AbortController();
  return {
    ...loki,
    ...{ local, told },
    async untilHandedOver() {
      for (;;) {
        const from = await local.cursor('loki:position');
        const { lines } = await local.read({ direction: 'forward', from, limit: 1 }, { signal });
        if (lines.length === 0) return;
        await shortly();
      }
    },
    forget: () => loki.logs.prune({ beforeMs: Number.MAX_SAFE_INTEGER, maxBytesPerVm: 0, maxBytes: 0 }),
    [Symbol.asyncDispose]: () => loki.logs[Symbol.asyncDispose](),
  };
}

function createTold(told: (readonly [string, LogFields])[]): Log {
  const tell = (message: string, fields: LogFields = {}): void => void told.push([message, fields]);
  const log: Log = { debug: () => undefined, info: tell, warn: tell, error: tell, child: () => log };
  return log;
}

/** Resolves when this is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await shortly();
}

function shortly(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}

/** All that it has, by time. */
export function entriesOf({ streams }: Pick<StrictLoki, 'streams'>): readonly Entry[] {
  return [...streams.values()]
    .flatMap(({ entries }) => entries)
    .toSorted((one, other) => (one.time < other.time ? -1 : one.time > other.time ? 1 : 0));
}
