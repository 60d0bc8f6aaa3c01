/** How many VMs of each kind were asked for of late: each counts as one at first, and as half of one after each half-life. */

/** Below this, nobody is expected to ask for another one: after a single VM, two half-lives. */
const NEGLIGIBLE = 0.25;

export interface Demand {
  /** One of this kind was asked for. */
  note(kind: string, nowMs: number): void;
  /** How many may be asked for soon, by kind; those that are asked for most first. Kinds that nobody asks for any more are left out. */
  expected(nowMs: number): readonly { readonly kind: string; readonly count: number }[];
}

/** `halfLifeMs`: milliseconds. */
export function createDemand({ halfLifeMs }: { readonly halfLifeMs: number }): Demand {
  const kinds = new Map<string, { amount: number; atMs: number }>();
  const amountAt = ({ amount, atMs }: { amount: number; atMs: number }, nowMs: number): number =>
    amount * 2 ** (-(nowMs - atMs) / halfLifeMs);

  return {
    note(kind, nowMs) {
      const known = kinds.get(kind);
      kinds.set(kind, { amount: 1 + (known === undefined ? 0 : amountAt(known, nowMs)), atMs: nowMs });
    },
    expected(nowMs) {
      const found: { kind: string; count: number; amount: number }[] = [];
      for (const [kind, known] of kinds) {
        const amount = amountAt(known, nowMs);
        if (amount < NEGLIGIBLE) kinds.delete(kind);
        else found.push({ kind, amount, count: Math.ceil(amount) });
      }
      return found.sort((a, b) => b.amount - a.amount).map(({ kind, count }) => ({ kind, count }));
    },
  };
}
