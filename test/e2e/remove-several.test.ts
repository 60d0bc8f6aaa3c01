import { afterAll, beforeAll, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* `rm` of several things by the command line: a fault with one keeps the others from nothing, and each is told. */

let here: Installation;
beforeAll(async () => {
  here = createInstallation('simulated');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(() => here.remove());

const idsOfNothing = (prefix: string) => ['0', '1'].map((digit) => `${prefix}_${digit.repeat(26)}`);

/** What is removed, by which words one is made, and its name; where that is made up, by what names two that are not there. */
const KINDS: readonly {
  readonly what: string;
  readonly make: readonly string[];
  readonly input?: string;
  readonly name?: string;
  readonly none?: readonly string[];
}[] = [
  { what: 'image', make: ['import', 'https://images.example/web.raw', '--sha256', 'a'.repeat(64)], name: 'web' },
  { what: 'tool', make: ['build', 'bun'], name: 'bun' },
  { what: 'template', make: ['create', '-'], input: 'schema_version: 1\nname: shop\nversion: 1.0.0\n', name: 'shop' },
  { what: 'webhook', make: ['create', 'http://hooks.invalid/', '--disabled'], none: idsOfNothing('hook') },
  { what: 'keys', make: ['create', 'test'], none: idsOfNothing('key') },
  { what: 'roles', make: ['create', 'dev', '--permission', 'vm:read'], name: 'dev' },
  { what: 'users', make: ['create', 'ann'], name: 'ann' },
  { what: 'secrets', make: ['set', 'TOKEN'], input: 'of a test', name: 'TOKEN', none: ['NONE_A', 'NONE_B'] },
];

it.each(KINDS)('$what', async ({ what, make, input = '', name: given, none = ['none-a', 'none-b'] }) => {
  const made = await here.must([what, ...make], { input });
  const name = given ?? made.split('\n')[0] ?? '';

  const [first = '', second = ''] = none;
  const outcome = await here.volary([what, 'rm', first, name, second, first]);

  expect(outcome.code).toBe(3);
  expect(outcome.stdout.split('\n').filter((line) => line !== '')).toEqual([expect.stringMatching(`^${name}`)]);
  expect(outcome.stderr.match(/^error: /gm)).toHaveLength(2);
  const json = await here.volary([what, 'rm', name, '--json']);
  expect(json).toMatchObject({ code: 3, stdout: expect.stringMatching(/^\{\n {2}"(items|removed)": \[\]\n\}/) });
});

it.each([
  ['sessions', ['sessions', 'rm', ...idsOfNothing('sess')]],
  ['template warm', ['template', 'warm', 'rm', 'a'.repeat(32), 'b'.repeat(32)]],
])('%s: each that is not there is told', async (_what, args) => {
  const outcome = await here.volary(args);

  expect(outcome.code).toBe(3);
  expect(outcome.stderr.match(/^error: /gm)).toHaveLength(2);
});
