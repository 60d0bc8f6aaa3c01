import { afterAll, beforeAll, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* Labels of what has a name and no row, by the command line. */

let here: Installation;
beforeAll(async () => {
  here = createInstallation('simulated');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(() => here.remove());

const named = async (what: string, selector: string) =>
  JSON.parse(await here.must([what, 'ls', '--selector', selector, '--json'])).items.map(
    (each: { readonly name: string }) => each.name,
  );

it('images are labelled when they are imported, and afterwards', async () => {
  const source = ['https://images.example/web.qcow2', '--sha256', 'a'.repeat(64)];
  await here.must(['image', 'import', ...source, '--label', 'tier=front', '-l', 'team=blue']);

  expect(await named('image', 'tier=front,team=blue')).toEqual(['web']);
  expect(await here.must(['image', 'update', 'web', '--label', 'tier=back'])).toBe('web');
  expect(JSON.parse(await here.must(['image', 'update', 'base', '-l', 'tier=back', '--json']))).toMatchObject({
    name: 'base',
    labels: { tier: 'back' },
  });
  expect(await named('image', 'tier=back')).toEqual(['base', 'web']);
  expect(await named('image', 'team')).toEqual([]);
  expect(await here.volary(['image', 'update', 'web'])).toMatchObject({ code: 2 });
  expect(await here.volary(['image', 'ls', '--selector', 'a in'])).toMatchObject({ code: 2 });
});

it('tools are labelled', async () => {
  await here.must(['tool', 'update', 'nodejs', '--label', 'tier=front']);

  expect(await named('tool', 'tier=front')).toEqual(['nodejs']);
  expect(await here.must(['tool', 'ls', '--selector', 'tier'])).toMatch(/^NAME .*\nnodejs /);
  expect(await here.volary(['tool', 'update', 'teapot', '--label', 'a=b'])).toMatchObject({
    stderr: expect.stringContaining('teapot'),
  });
});
