import type { Id, IdPrefix } from '../domain/ids.ts';

/** Identity and randomness enter the engine here. */
export interface Ids {
  /** A new id, sortable by the time it was made. */
  create<P extends IdPrefix>(prefix: P): Id<P>;
  /** A number from 0 up to, not including, 1: for jitter, never for secrets. */
  random(): number;
}
