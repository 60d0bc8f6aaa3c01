/* Which routes need no key is a promise of SECURITY.md: the list there is the one that the server has, of all its faces. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALL_FACES } from './faces.ts';
import { type RunningApi, runApi } from './testing/run-api.ts';

const SECURITY = readFileSync(new URL('../../../../SECURITY.md', import.meta.url), 'utf8');

let api: RunningApi;
beforeAll(async () => {
  const here = { version: 4, bits: 0x7f00_0000n, prefixLength: 8 } as const;
  // Volant needs none on the server's own machine, unless it is set so. Each request comes from an address of its own, or they would be too many.
  api = await runApi({ isLoopbackOpen: false, proxies: { ranges: [here], header: 'x-forwarded-for' } });
});
afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
});

/** `GET /healthz`, of each row of the table below that heading. */
function listed(): readonly string[] {
  const [, below = ''] = SECURITY.split('\n### Without a key\n');
  const [section = ''] = below.split(/\n#+ /);
  return [...section.matchAll(/`((?:GET|POST) \/[^`]*)`/g)].map(([, route = '']) => route);
}

const ROUTES = ALL_FACES.flatMap(({ face, prefix }) =>
  face.routes.map(({ method, path, permission }) => ({ method, path: `${prefix}${path}`, permission })),
);

it('the routes that need no key are those that SECURITY.md lists', () => {
  const keyless = ROUTES.filter(({ permission }) => permission === 'none').map(
    ({ method, path }) => `${method} ${path}`,
  );

  expect(listed().toSorted()).toEqual(keyless.toSorted());
});

it('every other route is refused to who shows none, whatever is asked', async () => {
  const kept = new Set(listed());
  const open = [];
  for (const [i, { method, path }] of ROUTES.entries()) {
    if (kept.has(`${method} ${path}`)) continue;
    const headers = { 'x-forwarded-for': `198.51.${Math.floor(i / 250)}.${(i % 250) + 1}` };
    const { status } = await fetch(`${api.url}${path.replaceAll(/\{\w+\}/g, 'x')}`, { method, headers });
    if (status !== 401) open.push([method, path, status]);
  }

  expect(ROUTES.length).toBeGreaterThan(kept.size);
  expect(open).toEqual([]);
});
