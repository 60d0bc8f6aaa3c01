import { randomInt, randomUUIDv7 } from 'node:crypto';
import { idFromUuid } from '../../domain/ids.ts';
import type { Ids } from '../../ports/ids.ts';

/** Bits after the variant of a UUID of version 7 (RFC 9562, 5.7): the last 62. */
const TAIL_BITS = 62n;
const TAIL_MASK = (1n << TAIL_BITS) - 1n;
const RANDOM_A_MASK = 0xfffn;

/**
 * Ids from the operating system's randomness. Within one process each is greater than the one before, also within a
 * millisecond and when the wall clock is set back: lists ordered by id are in the order of making.
 */
export function createSystemIds(): Ids {
  let last = '';
  return {
    create(prefix) {
      const fresh = randomUUIDv7();
      last = fresh > last ? fresh : successor(last, randomInt(1, 2 ** 32));
      return idFromUuid(prefix, last);
    },
    random: () => Math.random(),
  };
}

/** The UUID that lies `distance` after this one; version and variant stay (RFC 9562, 6.2, method 2). */
export function successor(uuid: string, distance: number): string {
  const hex = uuid.replaceAll('-', '');
  const head = BigInt(`0x${hex.slice(0, 12)}${hex.slice(13, 16)}`);
  const tail = BigInt(`0x${hex.slice(16)}`) & TAIL_MASK;
  const next = (head << TAIL_BITS) + tail + BigInt(distance);
  const time = (next >> (TAIL_BITS + 12n)).toString(16).padStart(12, '0');
  const randomA = ((next >> TAIL_BITS) & RANDOM_A_MASK).toString(16).padStart(3, '0');
  const rest = ((next & TAIL_MASK) | (0b10n << TAIL_BITS)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomA}-${rest.slice(0, 4)}-${rest.slice(4)}`;
}
