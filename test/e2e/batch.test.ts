import { afterAll, beforeAll, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* `volary batch`. */

let here: Installation;
beforeAll(async () => {
  here = createInstallation('simulated');
  await here.must(['up', '--detach', '--no-vm']);
  for (const name of ['a', 'b']) await here.must(['create', name]);
});
afterAll(() => here.remove());

it('does what a file says, in JSON or YAML, and shows what came of each', async () => {
  const json = JSON.stringify([{ action: 'stop', vm: 'a', grace_ms: 0 }]);
  expect(await here.must(['batch', '-'], { input: json })).toMatch(/^ACTION +VM +STATE +WHY\nstop +a +succeeded/);

  const yaml = '# both\n- action: start\n  vm: a\n- {action: pause, vm: b}\n';
  const operation = JSON.parse(await here.must(['batch', '-', '--in-order', '--json'], { input: yaml }));

  expect(operation).toMatchObject({ kind: 'vm.batch', state: 'succeeded', result: { concurrency: 1 } });
  expect(JSON.parse(await here.must(['get', 'b', '--json']))).toMatchObject({ phase: 'paused' });
});

it('ends with the code of what failed, and shows what came of each all the same', async () => {
  const yaml = 'items:\n- {action: start, vm: a}\n- {action: resume, vm: b}\n';

  const outcome = await here.volary(['batch', '-', '--in-order', '--stop-on-error'], { input: yaml });

  expect(outcome.code).not.toBe(0);
  expect(outcome.stdout).toMatch(/start +a +failed .*\nresume +b +skipped/);
  expect(outcome.stderr).toContain('1 of 2 failed, 1 were skipped');
  expect(await here.volary(['batch', '-'], { input: 'items: [' })).toMatchObject({ code: 2 });
  expect(await here.volary(['batch', '/nowhere'])).toMatchObject({ code: 2 });
});
