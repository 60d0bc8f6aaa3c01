/** How many of something are open at a time: all together, and those of each who has some. */
export interface OpenCount {
  /** Counts one more of whose. `isCrowd`: behind that name are many, so that only the total counts. */
  enter(whose: string, options?: { readonly isCrowd?: boolean }): Entry | Refusal;
}

export interface Entry {
  readonly isIn: true;
  /** Counts it off, once. */
  leave(): void;
}

/** There are as many as there may be. */
export interface Refusal {
  readonly isIn: false;
  readonly bound: 'total' | 'own';
  readonly maximum: number;
}

export function createOpenCount({ total, own }: { readonly total: number; readonly own: number }): OpenCount {
  const byName = new Map<string, number>();
  let count = 0;
  return {
    enter(whose, { isCrowd = false } = {}) {
      const theirs = byName.get(whose) ?? 0;
      if (count >= total) return { isIn: false, bound: 'total', maximum: total };
      if (theirs >= own && !isCrowd) return { isIn: false, bound: 'own', maximum: own };
      count += 1;
      byName.set(whose, theirs + 1);
      let isIn = true;
      return {
        isIn: true,
        leave() {
          if (!isIn) return;
          isIn = false;
          count -= 1;
          const left = (byName.get(whose) ?? 1) - 1;
          if (left === 0) byName.delete(whose);
          else byName.set(whose, left);
        },
      };
    },
  };
}
