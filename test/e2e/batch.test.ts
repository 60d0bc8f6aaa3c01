import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

it('creates VMs and runs commands in those that are selected, and shows what they said', async () => {
  const yaml = [
    '- {action: create, spec: {name: c, labels: {app: web}}}',
    '- {action: create, spec: {name: d, labels: {app: web}, start: false}}',
    '- {action: create, spec: {name: a}}',
  ].join('\n');
  const made = await here.volary(['batch', '-'], { input: yaml });
  expect(made.stdout).toMatch(/create +c +succeeded.*\ncreate +d +succeeded.*\ncreate +a +failed +.*a/);
  expect(made.code).not.toBe(0);

  const run = JSON.stringify([{ action: 'exec', selector: 'app=web', command: 'echo hello; echo no >&2; exit 3' }]);
  await here.must(['start', 'd']);
  const outcome = await here.volary(['batch', '-'], { input: run });

  expect(outcome.stdout).toMatch(/^ACTION +VM +STATE +EXIT +WHY\nexec +c +failed +3 +It ended with exit code 3\./);
  expect(outcome.stdout).toContain('\nc (exit code 3)\nhello\nno\n');
  expect(outcome.stdout).toContain('\nd (exit code 3)\nhello\nno\n');
  const strange = JSON.stringify([{ action: 'create', vm: 'e', spec: {} }]);
  expect((await here.volary(['batch', '-'], { input: strange })).stderr).toContain('items[0].vm');
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

it('runs one command in VMs that are named or selected, and ends with 1 when it has failed in one', async () => {
  await here.must(['create', 'w', '--label', 'job=exec']);
  await here.must(['create', 'x', '--label', 'job=exec']);
  const said = await here.must([
    'batch',
    'exec',
    '--selector',
    'job=exec',
    '-e',
    'A=hi',
    '--',
    'sh',
    '-c',
    'echo $A -l',
  ]);
  expect(said).toMatch(/^ACTION +VM +STATE +EXIT +WHY\nexec +w +succeeded +0.*\nexec +x +succeeded +0/);
  expect(said).toContain('\nw (exit code 0)\nhi -l\n');

  const exit = ['--', 'sh', '-c', 'exit 7'];
  const failed = await here.volary([
    'batch',
    'exec',
    'w',
    '--in-order',
    '--stop-on-error',
    '--selector',
    'job=exec',
    ...exit,
  ]);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('1 of 3 failed, 2 were skipped') });
  expect(failed.stdout).toMatch(/exec +w +failed +7 .*\nexec +w +skipped +-\nexec +x +skipped +-\n/);
  const json = await here.volary(['batch', 'exec', 'w', 'x', '--parallel', '2', '--json', ...exit]);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout).result).toMatchObject({
    concurrency: 2,
    items: [
      { name: 'w', state: 'failed', command: { exit_code: 7 } },
      { name: 'x', state: 'failed', command: { exit_code: 7 } },
    ],
  });
  expect(await here.volary(['batch', 'exec', 'w', 'true'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('behind --'),
  });
  expect((await here.volary(['batch', 'exec', '--selector', 'job=none', '--', 'true'])).code).toBe(3);
});

async function newestBatch(at: Installation): Promise<string> {
  const { items } = JSON.parse(await at.must(['events', '--after', '0', '--limit', '200', '--json']));
  const told: readonly { type: string; operation_id: string; data: { kind?: string } }[] = items;
  return (
    told.findLast(({ type, data }) => type === 'operation.created' && data.kind === 'vm.batch')?.operation_id ?? ''
  );
}

/** A command was begun in this VM. */
async function untilBegun(at: Installation, name: string): Promise<void> {
  for (;;) {
    const { items } = JSON.parse(await at.must(['ps', name, '--json']));
    if (items.some(({ started_at }: { started_at: string | null }) => started_at !== null)) return;
  }
}

describe('with real machines', () => {
  let real: Installation;
  beforeAll(async () => {
    real = createInstallation('qemu');
    await real.must(['up', '--detach', '--no-vm']);
  });
  afterAll(() => real.remove());

  it('creates them, runs commands in them, and deletes them, also when the server is killed meanwhile', async () => {
    const spec = (name: string) => ({ name, memory_mib: 192, labels: { app: 'web' } });
    const made = JSON.parse(
      await real.must(['batch', '-', '--json'], {
        input: JSON.stringify([spec('one'), spec('two')].map((each) => ({ action: 'create', spec: each }))),
      }),
    );
    expect(made.result.items).toMatchObject([
      { name: 'one', state: 'succeeded', vm_id: expect.stringMatching(/^vm_/) },
      { name: 'two', state: 'succeeded' },
    ]);

    const command = 'hostname; uname -s; echo ran >> /root/log; sleep 8';
    const input = JSON.stringify([{ action: 'exec', selector: 'app=web', command }]);
    const begun = real.volary(['batch', '-'], { input });
    for (const name of ['one', 'two']) await untilBegun(real, name);
    process.kill(JSON.parse(readFileSync(join(real.dataDir, 'server.json'), 'utf8')).pid, 'SIGKILL');
    await begun;
    await real.must(['up', '--detach', '--no-vm']);

    const id = await newestBatch(real);
    const ended = JSON.parse(await real.must(['wait', id, '--json']));
    expect(ended).toMatchObject({
      state: 'succeeded',
      result: {
        items: [
          { name: 'one', command: { exit_code: 0, stdout: 'one\nLinux\n' } },
          { name: 'two', command: { exit_code: 0, stdout: 'two\nLinux\n' } },
        ],
      },
    });
    const log = JSON.stringify([{ action: 'exec', selector: 'app=web', argv: ['cat', '/root/log'] }]);
    expect(await real.must(['batch', '-'], { input: log })).toContain(
      'one (exit code 0)\nran\n\ntwo (exit code 0)\nran',
    );
    await real.must(['batch', '-'], { input: JSON.stringify([{ action: 'delete', selector: 'app=web' }]) });
    expect(await real.must(['ls', '-q'])).toBe('');
  }, 300_000);
});
