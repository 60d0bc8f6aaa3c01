import type { Duplex } from 'node:stream';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { Occupancy } from '../../occupancy.ts';

type Kind = 'eventReaders' | 'logReaders';
export interface ReaderPlaces {
  /**
   * Has the places that are needed while this is done, and keeps them alone when it is; those it had before, when it fails. Rejects with `resource_exhausted` events.too_many_readers.
   */
  hold<T>(needed: Readonly<Record<Kind, boolean>>, work: () => Promise<T>): Promise<T>;
}

/** A socket's places among those who follow, which it has for as long as it tells what they are for. */
export function createReaderPlaces(occupancy: Occupancy, principal: Principal, connection: Duplex): ReaderPlaces {
  const held = new Map<Kind, () => void>();

  function leave(kind: Kind): void {
    held.get(kind)?.();
    held.delete(kind);
  }

  return {
    async hold(needed, work) {
      const taken: Kind[] = [];
      try {
        for (const kind of ['eventReaders', 'logReaders'] as const) {
          if (!needed[kind] || held.has(kind)) continue;
          held.set(kind, occupancy[kind].enter(principal, connection));
          taken.push(kind);
        }
        const done = await work();
        for (const kind of held.keys()) if (!needed[kind]) leave(kind);
        return done;
      } catch (error) {
        taken.forEach(leave);
        throw error;
      }
    },
  };
}
