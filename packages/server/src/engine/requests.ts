import type { Effect, KeptAnswer } from '../domain/idempotency/keyed-request.ts';
import type { Operation } from '../domain/operation/operation.ts';
import type { Vm } from '../domain/vm/vm.ts';

export interface Page<T, Cursor> {
  readonly items: readonly T[];
  /** To be given as `after` for the next page; null on the last one. */
  readonly next: Cursor | null;
}

/** A part of a list that is turned like the pages of a book. */
export interface Leaf<T> {
  readonly items: readonly T[];
  /** How many there are in all. */
  readonly total: number;
}

/** A request that carries a key, as long as it is being answered. To be given to the call that takes effect, as `once`. */
export interface Claim {
  /** Whose key it is: a user, or one API key of theirs. */
  readonly principal: string;
  readonly key: string;
  readonly fingerprint: string;
  /** Of the request that takes effect: the first one. */
  readonly requestId: string;
  /** What the request brought about when it came first; null if it has not come before. */
  readonly effect: Effect | null;
  /** What it was answered with then; null if that was not kept. */
  readonly answer: KeptAnswer | null;
}

/** A change that is made at most once for the key that its request carries. */
export interface Once {
  /** One that has taken effect before is not made again: what came of it is returned as it is now. */
  readonly once?: Claim;
}

/** A change that was accepted: stored together with its operation, and under way. */
export interface Accepted {
  readonly vm: Vm;
  readonly operation: Operation;
}

/** A resource as a caller has seen it. Its version is what rises with each change that callers make or care for. */
export interface Seen {
  readonly id: string;
  readonly version: number;
}

/** If given, the change is made only if the resource still is as one of these; else `conflict` webhook.changed, snapshot.changed. */
export interface Unchanged {
  readonly ifStill?: readonly Seen[];
}

/** If given, the change is made only if the VM's `revision` is still this one; else `conflict` vm.changed. */
export interface Precondition extends Once {
  readonly revision?: number;
}
