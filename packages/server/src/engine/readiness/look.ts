import type { Component } from '../../domain/system/component.ts';
import type { Clock } from '../../ports/clock.ts';
import { component } from './component.ts';

/** What was found is believed for so long. */
const FRESH_MS = 10_000;
/** What was found is told for so long, while it is looked at anew. */
const TOLD_MS = 60_000;

/** How long somebody can wait. */
export interface LookOptions {
  /** Milliseconds, after which it counts as not answering; default: as long as it takes. */
  readonly waitMs?: number;
}

/** How something outside of this server is, which takes its time to say so. */
export interface Look {
  /**
   * As it was found a minute ago at most: whoever asks all the time waits for no other server, and keeps none busy. The first to ask waits, and who asks
   * after a while.
   */
  lately(options?: LookOptions): Promise<Component>;
  /** As it is. Those who ask at the same time share the answer. */
  now(): Promise<Component>;
}

/** `ask` never rejects. */
export function createLook(
  { name, ask }: { readonly name: string; readonly ask: () => Promise<Component> },
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>,
): Look {
  let asking: Promise<Component> | null = null;
  let known: { readonly found: Component; readonly atMs: number } | null = null;

  function now(): Promise<Component> {
    asking ??= ask().then((found) => {
      known = { found, atMs: clock.monotonicMs() };
      asking = null;
      return found;
    });
    return asking;
  }

  async function within(waitMs: number): Promise<Component> {
    const answered = new AbortController();
    const silent = component(name, `It has not answered for ${waitMs / 1_000} seconds.`, 'degraded');
    const late = clock.sleep(waitMs, { signal: answered.signal }).then(
      () => silent,
      // The answer has come.
      () => silent,
    );
    try {
      return await Promise.race([now(), late]);
    } finally {
      answered.abort();
      await late;
    }
  }

  return {
    now,
    async lately({ waitMs } = {}) {
      const ageMs = known === null ? Number.POSITIVE_INFINITY : clock.monotonicMs() - known.atMs;
      if (known === null || ageMs > TOLD_MS) return await (waitMs === undefined ? now() : within(waitMs));
      if (ageMs > FRESH_MS) void now();
      return known.found;
    },
  };
}
