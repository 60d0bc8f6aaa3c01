import { createMinHeap } from '../../lib/min-heap.ts';

/** One wish to have a key looked at. */
export interface Wish {
  readonly key: string;
  /** By the monotonic clock, milliseconds. */
  readonly dueMs: number;
}

/** Keys that wait, each with its earliest wish; those that are due come out in the order they became so. */
export interface WaitingKeys {
  put(wish: Wish): void;
  /** A key that is due now, taken out; null if none is. */
  takeDue(nowMs: number): string | null;
  /** When the next one is to be taken: now, if one has become due since the last look; null if none waits. */
  nextDueMs(nowMs: number): number | null;
  /** How many are due, and how many wait for their time. */
  count(nowMs: number): { readonly due: number; readonly later: number };
}

export function createWaitingKeys(): WaitingKeys {
  /** The wish of each key that counts; what else is in the heap has been overtaken by an earlier one. */
  const wishes = new Map<string, Wish>();
  const later = createMinHeap<Wish>((a, b) => a.dueMs - b.dueMs);
  const due = new Set<Wish>();

  function moveDue(nowMs: number): void {
    for (let wish = later.peek(); wish !== undefined; wish = later.peek()) {
      const counts = wishes.get(wish.key) === wish;
      if (counts && wish.dueMs > nowMs) return;
      later.pop();
      if (counts) due.add(wish);
    }
  }

  return {
    put(wish) {
      const known = wishes.get(wish.key);
      if (known !== undefined && known.dueMs <= wish.dueMs) return;
      wishes.set(wish.key, wish);
      later.push(wish);
    },
    takeDue(nowMs) {
      moveDue(nowMs);
      const [wish] = due;
      if (wish === undefined) return null;
      due.delete(wish);
      wishes.delete(wish.key);
      return wish.key;
    },
    nextDueMs(nowMs) {
      moveDue(nowMs);
      return due.size > 0 ? nowMs : (later.peek()?.dueMs ?? null);
    },
    count(nowMs) {
      moveDue(nowMs);
      return { due: due.size, later: wishes.size - due.size };
    },
  };
}
