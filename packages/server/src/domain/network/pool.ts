/** Which addresses of a network guests may be given. */
import { type Cidr, lastOf } from './cidr.ts';

/** Addresses from the first to the last, both included; none where `last` is less. */
export interface Pool {
  readonly first: number;
  readonly last: number;
}

/** The address that guests of this network send through: its second one. */
export function gatewayOf({ first }: Cidr): number {
  return first + 1;
}

/** What guests may be given of `range`, a part of this network or all of it: without the network's own address, its gateway's, and the one of everybody. */
export function poolOf(network: Cidr, range: Cidr = network): Pool {
  return {
    first: Math.max(range.first, gatewayOf(network) + 1),
    last: Math.min(lastOf(range), lastOf(network) - 1),
  };
}

/** How many guests it is for. */
export function capacityOf({ first, last }: Pool): number {
  return Math.max(0, last - first + 1);
}

/**
 * The next free address from `from` on, and after the last one from the first: so that an address that was given back is the last to be given
 * anew, and nobody who still knows it reaches somebody else. `takenFrom(address)` tells those taken from there on, ascending, as many as it
 * likes. Null: all are taken.
 */
export async function nextFree(
  pool: Pool,
  from: number,
  takenFrom: (address: number) => Promise<readonly number[]>,
): Promise<number | null> {
  if (capacityOf(pool) === 0) return null;
  const start = from >= pool.first && from <= pool.last ? from : pool.first;
  return (
    (await firstGap(start, pool.last, takenFrom)) ??
    (start === pool.first ? null : await firstGap(pool.first, start - 1, takenFrom))
  );
}

async function firstGap(
  first: number,
  last: number,
  takenFrom: (address: number) => Promise<readonly number[]>,
): Promise<number | null> {
  let candidate = first;
  while (candidate <= last) {
    const taken = await takenFrom(candidate);
    if (taken.length === 0) return candidate;
    for (const address of taken) {
      if (address > candidate) return candidate;
      candidate = address + 1;
      if (candidate > last) return null;
    }
  }
  return null;
}
