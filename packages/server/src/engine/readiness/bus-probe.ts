import type { EngineDeps } from '../deps.ts';

/** How long a hint may be on its way. */
const PATIENCE_MS = 1_000;

export interface BusProbe {
  /** A sentence while hints do not get through, else null. */
  why(): Promise<string | null>;
}

/** Sends a hint that nobody else listens for, and waits until it comes back. */
export function createBusProbe({ bus, clock }: Pick<EngineDeps, 'bus' | 'clock'>): BusProbe {
  let sent = 0;
  return {
    async why() {
      sent += 1;
      const mine = `${sent}`;
      const heard = Promise.withResolvers<null>();
      const unsubscribe = bus.subscribe('probe', (key) => {
        if (key === mine) heard.resolve(null);
      });
      const answered = new AbortController();
      const late = clock.sleep(PATIENCE_MS, { signal: answered.signal }).then(
        () => `The event bus has not carried a hint for ${PATIENCE_MS / 1_000} s.`,
        // It has come.
        () => null,
      );
      bus.publish('probe', mine);
      try {
        return await Promise.race([heard.promise, late]);
      } finally {
        unsubscribe();
        answered.abort();
        await late;
      }
    },
  };
}
