import { describe, expect, it } from 'vitest';
import { createMemoryRateLimiter } from '../../adapters/rate-limits/memory-rate-limiter.ts';
import { createManualClock } from '../../adapters/shared/manual-clock.ts';
import { ADMIN } from '../installation.test-kit.ts';
import { createRateLimits } from './rate-limits.ts';

const POLICY = { perMinute: 1, burst: 1 };
const limits = (clock = createManualClock()) =>
  createRateLimits(
    { rateLimiter: createMemoryRateLimiter({ clock }), clock },
    { v1: POLICY, other: POLICY, open: null, brisk: { perMinute: 100, burst: 0, perSecond: 3 } },
  );

const nobody = (address: string) => ({ principal: null, address });

describe('a rate limit', () => {
  it('is of a caller, whatever its address', async () => {
    const { count } = limits();
    for (const address of ['192.0.2.1', '192.0.2.2']) await count('v1', { principal: ADMIN, address });

    expect(await count('v1', { principal: ADMIN, address: '192.0.2.3' })).toMatchObject({ isAllowed: false });
    expect(await count('v1', { principal: { ...ADMIN, name: 'ann' }, address: '192.0.2.1' })).toMatchObject({
      remaining: 1,
    });
  });

  it('is of one key of several', async () => {
    const { count } = limits();
    const withKey = (id: string) => ({ ...ADMIN, credential: { kind: 'api_key', id } as const });
    for (let i = 0; i < 3; i++) await count('v1', { principal: withKey('key_1'), address: null });

    expect(await count('v1', { principal: withKey('key_1'), address: null })).toMatchObject({ isAllowed: false });
    expect(await count('v1', { principal: withKey('key_2'), address: null })).toMatchObject({ isAllowed: true });
  });

  it('is of an address where nobody knows who asks, and of a network of IPv6', async () => {
    const { count } = limits();
    for (const address of ['2001:db8::1', '2001:db8::2']) await count('v1', nobody(address));

    expect(await count('v1', nobody('2001:db8::3'))).toMatchObject({ isAllowed: false });
    expect(await count('v1', nobody('2001:db8:1::3'))).toMatchObject({ isAllowed: true });
    expect(await count('v1', { principal: ADMIN, address: '2001:db8::1' })).toMatchObject({ isAllowed: true });
  });

  it('is of one face', async () => {
    const { count } = limits();
    for (let i = 0; i < 3; i++) await count('v1', nobody('192.0.2.1'));

    expect(await count('other', nobody('192.0.2.1'))).toMatchObject({ isAllowed: true });
  });

  it('is also of any second, where a face has such a one, and takes nothing of the minute then', async () => {
    const clock = createManualClock();
    const { count } = limits(clock);
    const ask = async () => await count('brisk', { principal: ADMIN, address: null });
    for (const remaining of [99, 98]) expect(await ask()).toMatchObject({ isAllowed: true, remaining });
    await clock.advance(900);
    expect(await ask()).toMatchObject({ isAllowed: true });

    expect(await ask()).toMatchObject({ isAllowed: false, retryAfterMs: 100, remaining: 98 });
    await clock.advance(100);
    expect([await ask(), await ask(), await ask()].map((verdict) => verdict?.isAllowed)).toEqual([true, true, false]);
  });

  it('is none where there is no policy', () => {
    expect(limits().count('open', nobody('192.0.2.1'))).toBeNull();
    expect(limits().count('unknown', nobody('192.0.2.1'))).toBeNull();
  });
});
