import { expect, test } from 'vitest';
import { EVENT_TYPES } from '../../packages/server/src/domain/events.ts';
import { PERMISSIONS } from '../../packages/server/src/domain/principal/permissions.ts';
import { listFiles, readText } from './repository.ts';

/* What documents list of the API is what its OpenAPI document has. */

interface ApiRoute {
  readonly parameters?: readonly { readonly name?: string }[];
  readonly 'x-audit-action'?: string;
}

interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiRoute>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> };
}

const { paths, components }: ApiDocument = JSON.parse(readText('docs/api/openapi.json'));

/** What rows such as `| \`vm\` | \`read create\` |` stand for: `vm:read`, `vm:create`. */
function namedIn(document: string, separator: string): readonly string[] {
  const rows = [...readText(document).matchAll(/^\| `([a-z_.-]+)` \| `([a-z_ -]+)` \|$/gm)];
  return rows.flatMap(([, first = '', rest = '']) => rest.split(' ').map((word) => `${first}${separator}${word}`));
}

test('docs/guide/users.md names each permission, and docs/guide/events.md each type of event', () => {
  expect([...namedIn('docs/guide/users.md', ':')].sort()).toEqual([...PERMISSIONS].sort());
  expect([...namedIn('docs/guide/events.md', '.')].sort()).toEqual([...EVENT_TYPES].sort());
});

test('docs/guide/templates.md names each template that comes with the program', () => {
  const guide = readText('docs/guide/templates.md');
  const templates = listFiles().flatMap((path) => /^guest\/templates\/(\w+)\.yaml$/.exec(path)?.[1] ?? []);

  expect(templates.length).toBeGreaterThan(0);
  expect(templates.filter((name) => !new RegExp(`^\\|[^|]*\`${name}\``, 'm').test(guide))).toEqual([]);
});

test('docs/guide/vm-fields.md has a row for each field of a new VM, and no others', () => {
  const rows = [...readText('docs/guide/vm-fields.md').matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, name = '']) => name);

  expect(rows.sort()).toEqual(Object.keys(components.schemas['CreateVmRequest']?.properties ?? {}).sort());
});

test('docs/guide/audit.md names the action of each route', () => {
  const named = new Set(namedIn('docs/guide/audit.md', '.'));
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
