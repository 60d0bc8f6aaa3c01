import type { Component } from '../../domain/system/component.ts';
import type { Clock } from '../../ports/clock.ts';

/** What was found is believed for so long. */
const FRESH_MS = 10_000;

/** How something outside of this server is, which takes its time to say so. */
export interface Look {
  /** As it was found a while ago at most: whoever asks all the time waits for no other server, and keeps none busy. The first to ask waits. */
  lately(): Promise<Component>;
  /** As it is. Those who ask at the same time share the answer. */
  now(): Promise<Component>;
}

/** `ask` never rejects. */
export function createLook(ask: () => Promise<Component>, clock: Pick<Clock, 'monotonicMs'>): Look {
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

  return {
    now,
    async lately() {
      if (known === null) return await now();
      if (clock.monotonicMs() - known.atMs > FRESH_MS) void now();
      return known.found;
    },
  };
}
