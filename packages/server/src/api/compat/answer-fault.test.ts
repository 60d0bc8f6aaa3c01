import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dialect } from '../../domain/dialects.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';

/* What the errors of all dialects have in common, whatever their bodies are. */

let server: RunningServer;
beforeAll(async () => {
  server = await runServer({ VOLARY_RATE_LIMIT: '2/min' });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** A list that wants a key, and where an unknown one is not taken. */
const LISTS: Readonly<Record<Dialect, string>> = {
  aetherium: '/aetherium/api/v1/vms',
  novacron: '/novacron/v1/vms',
  volant: '/volant/api/v1/vms',
  'vm-api': '/vm-api/api/v1/workspaces',
};

describe.each(Object.entries(LISTS))('%s', (_dialect, path) => {
  it('says how to ask where it is not known who asks, and when to come back where there was too much', async () => {
    const ask = async (key: string) =>
      await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${key}` } });
    const unknown = await ask('nonsense-of-some-length');
    expect(unknown.status).toBe(401);
    expect(unknown.headers.get('www-authenticate')).toBe('Bearer realm="volary"');

    const answers = [await ask(ADMIN_KEY), await ask(ADMIN_KEY), await ask(ADMIN_KEY)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});
