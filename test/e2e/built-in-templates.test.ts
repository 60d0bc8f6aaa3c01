import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* Each template that comes with the program, in a real guest: what its description promises is there, and does something. */

const SLOW = { timeout: 600_000 };
const CHECKS = [
  [
    'base',
    'git --version && curl --version | head -n 1 && apt-get --version | head -n 1',
    /^git version 2[\s\S]*curl 7[\s\S]*apt 2/,
  ],
  ['nodejs', 'node -p "6 * 7" && npm --version', /^42\n\d+\./],
  ['python', 'python3 -c "print(6 * 7)"', /^42$/],
  ['go', 'go version', /^go version go1\./],
  ['rust', 'rustc --version && cargo --version', /^rustc 1\.[\s\S]*cargo 1\./],
  [
    'agent',
    'node --version && bun --version && git --version && claude --version',
    /^v20\.[\s\S]*\n1\.[\s\S]*git version[\s\S]*Claude Code/,
  ],
] as const;

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(() => here.remove());

describe('a template that comes with the program', () => {
  it.each(CHECKS)('%s gives a guest what it promises', SLOW, async (template, script, promised) => {
    await here.must(['create', `a-${template}`, '--template', template]);
    const said = await here.must(['exec', `a-${template}`, '--', 'sh', '-c', script]);
    await here.must(['rm', `a-${template}`]);

    expect(said).toMatch(promised);
  });

  it('is one of those that are tried here', async () => {
    const { items } = JSON.parse(await here.must(['template', 'ls', '--json']));
    expect(items.map(({ name }: { name: string }) => name).toSorted()).toEqual(CHECKS.map(([name]) => name).toSorted());
  });
});
