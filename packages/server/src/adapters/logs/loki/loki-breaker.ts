/**
 * Whether Loki is asked for lines now. Whoever waited for it in vain does not wait again for a while, however many
 * pages they read; and where it answers not even what costs it nothing,
 * nobody does: then one reader after each while finds out whether it is back.
 */
import type { LogQuery } from '../../../domain/logs/log-query.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { LokiClient } from './loki-client.ts';
import type { LokiError } from './loki-http.ts';
import { createRecent, keyOf } from './loki-places.ts';

export interface LokiBreaker {
  /** Why it is not asked for this page; null: it is. To be called once for each page. */
  why(query: LogQuery): string | null;
  /** Whether this page goes on where one ended whose reader was told that lines are missing. */
  isTold(query: LogQuery): boolean;
  answered(): void;
  failed(error: LokiError): void;
  /** A page without its lines has been given: who goes on after it is the same reader. */
  pass(query: LogQuery, page: Passed): void;
}

export interface Passed {
  readonly reached: number;
  readonly why: string;
  readonly isTold: boolean;
}

interface Reader {
  readonly why: string;
  readonly untilMs: number;
  readonly isTold: boolean;
}

export function createLokiBreaker(
  { client, clock, signal }: { readonly client: LokiClient; readonly clock: Clock; readonly signal: AbortSignal },
  { restMs }: { readonly restMs: number },
): LokiBreaker {
  const readers = createRecent<Reader>();
  let open: { readonly why: string; readonly untilMs: number } | null = null;
  let isLooking = false;

  function readerOf(query: LogQuery): Reader | null {
    return query.from === null ? null : readers.get(keyOf(query, query.from));
  }

  /** Its slowness for one question, such as one for words of years, is nobody else's. */
  async function look({ message: why }: LokiError): Promise<void> {
    try {
      if ((await client.whyNot({ signal })) !== null) open = { why, untilMs: clock.monotonicMs() + restMs };
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      isLooking = false;
    }
  }

  return {
    why(query) {
      const nowMs = clock.monotonicMs();
      const reader = readerOf(query);
      if (reader !== null && nowMs < reader.untilMs) return reader.why;
      if (open === null) return null;
      if (nowMs < open.untilMs) return open.why;
      // This one asks; the others go on without until it has its answer.
      open = { ...open, untilMs: nowMs + restMs };
      return null;
    },
    isTold: (query) => readerOf(query)?.isTold ?? false,
    answered() {
      open = null;
    },
    failed(error) {
      if (isLooking) return;
      isLooking = true;
      void look(error);
    },
    pass(query, { reached, why, isTold }) {
      const nowMs = clock.monotonicMs();
      const before = readerOf(query);
      const isResting = before !== null && nowMs < before.untilMs;
      readers.set(keyOf(query, reached), { why, isTold, untilMs: isResting ? before.untilMs : nowMs + restMs });
    },
  };
}
