import type { Problem } from '@volary/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsOf } from '../testing/conformance.ts';
import { send } from '../testing/send.ts';
import { type CasesServer, EVERY_CASE, startCases } from './testing/route-cases.test-kit.ts';

let server: CasesServer;

beforeAll(async () => {
  server = await startCases();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

describe.each(EVERY_CASE)('%s', (_name, route, { ask, status, failing }) => {
  it('works as its example shows, and answers as its schema says', async () => {
    const asked = await ask();
    const answer = await send(asked.url ?? server.url, route, asked);

    expect(answer.status, answer.text).toBe(status);
    expect(faultsOf(route, answer)).toEqual([]);
  });

  it(`fails with ${failing.status} ${failing.reason}`, async () => {
    const asked = failing.reason === 'route.method_not_allowed' ? { ...route, method: 'DELETE' as const } : route;

    const answer = await send(server.url, asked, failing.ask);

    const problem: Problem = JSON.parse(answer.text);
    expect(problem).toMatchObject({ status: failing.status, reason: failing.reason });
    expect(faultsOf(route, answer)).toEqual([]);
  });

  it(route.permission === 'none' ? 'needs no key' : 'needs a key, and the right one', async () => {
    const without = await send(server.url, route, { ...failing.ask, headers: { authorization: '' } });
    const wrong = await send(server.url, route, { ...failing.ask, headers: { authorization: 'Bearer wrong' } });

    // By its own method each of those answers; the others fail by what they were asked, not by who asks.
    const unasked = failing.reason === 'route.method_not_allowed' ? 200 : failing.status;
    const expected = route.permission === 'none' ? unasked : 401;
    expect([without.status, wrong.status]).toEqual([expected, expected]);
    expect([...faultsOf(route, without), ...faultsOf(route, wrong)]).toEqual([]);
  });
});

describe('the reasons in the table', () => {
  it('name every reason that the cases show', () => {
    const common = ['request.invalid', 'route.method_not_allowed', 'auth.key_missing', 'auth.key_invalid'];
    for (const [name, route, { failing }] of EVERY_CASE) {
      if (!common.includes(failing.reason)) expect(route.errors[failing.status], name).toContain(failing.reason);
    }
  });
});
