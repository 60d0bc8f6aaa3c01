import type { Component } from '../../domain/system/component.ts';
import type { EngineDeps } from '../deps.ts';
import { component } from './component.ts';

/** What was found is believed for so long. */
const FRESH_MS = 10_000;

/** How what keeps lines elsewhere is. */
export interface ArchiveLook {
  /** As it was found a while ago at most: whoever asks all the time waits for no other server, and keeps none busy. The first to ask waits. */
  lately(): Promise<Component>;
  /** As it is. Those who ask at the same time share the answer. */
  now(): Promise<Component>;
}

export function createArchiveLook({ logArchive, clock }: Pick<EngineDeps, 'logArchive' | 'clock'>): ArchiveLook {
  let asking: Promise<Component> | null = null;
  let known: { readonly found: Component; readonly atMs: number } | null = null;

  async function look(): Promise<Component> {
    if (logArchive === null) return { name: 'loki', state: 'disabled', why: null, detail: null };
    return component(logArchive.name, await logArchive.whyNot(), 'degraded');
  }

  function now(): Promise<Component> {
    asking ??= look().then((found) => {
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
