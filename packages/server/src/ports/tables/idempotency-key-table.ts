import type { KeptAnswer, KeyedRequest } from '../../domain/idempotency/keyed-request.ts';

/** Requests that took effect under a key; no two of one principal have the same key. */
export interface IdempotencyKeyTable {
  /** Writes the row unless the principal's key has one; false then. */
  insert(request: KeyedRequest): Promise<boolean>;
  get(principal: string, key: string): Promise<KeyedRequest | null>;
  /** Keeps the answer to the request with this id, unless one is kept; without such a row it changes nothing. */
  keepAnswer(request: KeyOwner, answer: KeptAnswer): Promise<void>;
  /** Removes the row, if it is still that of the request with this id. */
  delete(request: KeyOwner): Promise<void>;
  /** Removes the oldest rows from before this moment, at most `limit` of them. Returns how many. */
  deleteOld(which: { readonly createdBefore: number; readonly limit: number }): Promise<number>;
}

/** A key, as long as it is that of one request. */
export type KeyOwner = Pick<KeyedRequest, 'principal' | 'key' | 'requestId'>;
