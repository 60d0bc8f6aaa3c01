import { expect, test } from 'vitest';
import { readText } from './repository.ts';

/* What documents list of the API is what its OpenAPI document has. */

interface ApiRoute {
  readonly parameters?: readonly { readonly name?: string }[];
  readonly 'x-audit-action'?: string;
}

const { paths }: { readonly paths: Readonly<Record<string, Readonly<Record<string, ApiRoute>>>> } = JSON.parse(
  readText('docs/api/openapi.json'),
);

test('docs/guide/audit.md names the action of each route', () => {
  const rows = [...readText('docs/guide/audit.md').matchAll(/^\| `([a-z.-]+)` \| `([^`]+)` \|/gm)];
  const named = new Set(
    rows.flatMap(([, resource, verbs = '']) => verbs.split(' ').map((verb) => `${resource}.${verb}`)),
  );
  const actions = Object.values(paths)
    .flatMap((routes) => Object.values(routes))
    .flatMap((route) => route['x-audit-action'] ?? []);

  expect(actions.length).toBeGreaterThan(50);
  expect(actions.filter((action) => !named.has(action))).toEqual([]);
});

test('docs/guide/requests.md names each POST that takes no Idempotency-Key, and no other', () => {
  const table = /\| without keys \|[\s\S]*?\n\n/.exec(readText('docs/guide/requests.md'))?.[0] ?? '';
  const named = new Set(
    [...table.matchAll(/`(\/v1\/[^`]+)`(?: and `([^`/]+)`)?/g)].flatMap(([, path = '', sibling]) =>
      sibling === undefined ? [path] : [path, path.replace(/[^/]+$/, sibling)],
    ),
  );
  const without = Object.entries(paths)
    .filter(([, { post }]) => post !== undefined && !post.parameters?.some(({ name }) => name === 'Idempotency-Key'))
    .map(([path]) => (path.startsWith('/v1/auth/') ? '/v1/auth' : path));

  expect([...named].sort()).toEqual([...new Set(without)].sort());
});
