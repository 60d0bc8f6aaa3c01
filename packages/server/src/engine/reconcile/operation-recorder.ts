import { toVolaryError } from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/events.ts';
import type { Json } from '../../domain/json.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Tables } from '../../ports/store.ts';
import type { EngineDeps } from '../deps.ts';
import { isConflict } from '../is-conflict.ts';
import { operationEvent } from '../operations/events.ts';

type RecorderDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'log'>;

/** At most one write of progress in this time, milliseconds. */
const PROGRESS_MS = 250;

type AlsoWritten = (tables: Tables) => Promise<void>;

/** Writes how an operation goes on that is no VM's. Each write throws `conflict` store.revision when somebody has cancelled it meanwhile. */
export interface OperationRecorder {
  /** It is being carried out, by this server or again. */
  begin(): Promise<void>;
  /** Notes how far it is; newest value wins, one write at a time. */
  report(progress: Operation['progress']): void;
  /** What has come of it so far, and how far it is. `events`: what else is told in the same transaction. One call at a time, and none of `report` beside it. */
  keep(result: Json, progress: Operation['progress'], events?: readonly NewEvent[]): Promise<void>;
  /** Its end. `events`: what else is told in the same transaction; `also`: what else is written. */
  succeed(result: Json, events?: readonly NewEvent[], also?: AlsoWritten): Promise<void>;
  fail(error: unknown, also?: AlsoWritten): Promise<void>;
}

/** For an operation as it was just found. */
export function createOperationRecorder({ store, bus, clock, log }: RecorderDeps, found: Operation): OperationRecorder {
  let operation = found;
  let writing: Promise<void> | null = null;
  let reportedAtMs = Number.NEGATIVE_INFINITY;

  async function write(
    change: Partial<Operation>,
    events: readonly NewEvent[] = [],
    also: AlsoWritten = async () => undefined,
  ): Promise<void> {
    const next = { ...operation, ...change, revision: operation.revision + 1 };
    await store.transaction(async (tables) => {
      await tables.operations.update(next);
      await also(tables);
      if (events.length > 0) await tables.events.append(events);
    });
    operation = next;
    bus.publish('operation', operation.id);
    if (events.length > 0) bus.publish('events', '');
  }

  return {
    async begin() {
      const now = clock.now();
      const events = found.state === 'pending' ? [operationEvent('operation.started', found, now)] : [];
      await write({ state: 'running', startedAt: found.startedAt ?? now }, events);
    },
    report(progress) {
      const nowMs = clock.monotonicMs();
      if (writing !== null || nowMs - reportedAtMs < PROGRESS_MS) return;
      reportedAtMs = nowMs;
      writing = write({ progress })
        .catch((error: unknown) => {
          if (!isConflict(error)) log.warn('progress was not written', { operationId: operation.id, error });
        })
        .finally(() => {
          writing = null;
        });
    },
    keep: (result, progress, events) => write({ result, progress }, events),
    async succeed(result, events = [], also) {
      await writing;
      const now = clock.now();
      const done = { state: 'succeeded', completedAt: now, progress: null, result } as const;
      await write(done, [...events, operationEvent('operation.succeeded', { ...operation, ...done }, now)], also);
    },
    async fail(cause, also) {
      await writing;
      const now = clock.now();
      const { code, reason, message, details } = toVolaryError(cause);
      const error = { code, reason, message, details };
      const failed = { state: 'failed', completedAt: now, progress: null, error } as const;
      await write(failed, [operationEvent('operation.failed', { ...operation, ...failed }, now)], also);
    },
  };
}
