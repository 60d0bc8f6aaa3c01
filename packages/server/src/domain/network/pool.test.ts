import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastOf, parseCidr } from './cidr.ts';
import { macOfAddress } from './mac.ts';
import { capacityOf, gatewayOf, nextFree, poolOf } from './pool.ts';

/** A small network: 10.0.0.0/28, with 13 addresses for guests. */
const network = parseCidr('10.0.0.0/28') ?? { first: 0, prefixLength: 32 };
const pool = poolOf(network);

describe('the addresses of a network', () => {
  it('are all but its own, its gateway and the one of everybody', () => {
    expect(capacityOf(pool)).toBe(13);
    expect(pool.first).toBe(gatewayOf(network) + 1);
    expect(pool.last).toBe(lastOf(network) - 1);
    expect(capacityOf(poolOf(network, parseCidr('10.0.0.8/30') ?? network))).toBe(4);
    expect(capacityOf(poolOf(network, parseCidr('10.0.0.0/31') ?? network))).toBe(0);
  });

  it('are given once, for as long as there are any, whatever is given back meanwhile', async () => {
    const anyTurns = fc.array(fc.option(fc.nat(20)), { minLength: 1, maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(anyTurns, fc.integer({ min: 1, max: 5 }), async (turns, pageSize) => {
        const taken = new Set<number>();
        let next = pool.first;
        for (const turn of turns) {
          // A number: that one of those that are given, if there is one, is given back. Null: one more is wanted.
          const back = turn === null ? undefined : [...taken][turn];
          if (back !== undefined) taken.delete(back);
          if (turn !== null) continue;
          const address = await nextFree(pool, next, async (from) =>
            [...taken]
              .filter((one) => one >= from)
              .sort((a, b) => a - b)
              .slice(0, pageSize),
          );
          if (taken.size === capacityOf(pool)) expect(address).toBeNull();
          else {
            expect(address).not.toBeNull();
            if (address === null) return;
            expect(taken.has(address)).toBe(false);
            expect(address).toBeGreaterThanOrEqual(pool.first);
            expect(address).toBeLessThanOrEqual(pool.last);
            taken.add(address);
            next = address + 1;
          }
        }
      }),
    );
  });

  it('are given anew as late as can be', async () => {
    const free = async () => [];

    expect(await nextFree(pool, pool.first + 5, free)).toBe(pool.first + 5);
    expect(await nextFree(pool, pool.last + 1, free)).toBe(pool.first);
  });

  it('have hardware addresses of their own, which no vendor has', () => {
    const anyAddress = fc.nat(2 ** 32 - 1);
    fc.assert(
      fc.property(anyAddress, anyAddress, (a, b) => {
        expect(macOfAddress(a)).toMatch(/^02(:[0-9a-f]{2}){5}$/);
        expect(macOfAddress(a) === macOfAddress(b)).toBe(a === b);
      }),
    );
  });
});
