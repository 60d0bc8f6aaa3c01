/** How many of each name may come within any stretch of time of one length. */
export interface SlidingWindows {
  /** 0: counted; else it is one too many, is not counted, and may come again after so many milliseconds. */
  enter(name: string, most: number, nowMs: number): number;
  readonly size: number;
}

/** Past this the one that was longest left alone is forgotten. */
const MOST_NAMES = 100_000;
/** How many of the oldest are looked at with each entry: more than one, so that those that are over do not pile up. */
const SWEPT = 2;

/** Remembers when each came, as long as that matters. */
export function createSlidingWindows(lengthMs: number, { maxNames = MOST_NAMES } = {}): SlidingWindows {
  const entered = new Map<string, number[]>();

  function sweep(nowMs: number): void {
    let looked = 0;
    for (const [name, moments] of entered) {
      const isOver = (moments.at(-1) ?? 0) <= nowMs - lengthMs;
      if (entered.size <= maxNames && (looked === SWEPT || !isOver)) return;
      entered.delete(name);
      looked += 1;
    }
  }

  return {
    get size() {
      return entered.size;
    },
    enter(name, most, nowMs) {
      const within = (entered.get(name) ?? []).filter((atMs) => atMs > nowMs - lengthMs);
      const [first = nowMs] = within;
      const isAllowed = within.length < most;
      if (isAllowed) within.push(nowMs);
      entered.delete(name);
      entered.set(name, within);
      sweep(nowMs);
      return isAllowed ? 0 : Math.max(1, first + lengthMs - nowMs);
    },
  };
}
