import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* The command line against a real server over real sockets, with the simulated driver: what needs no real VM, quickly. */

let here: Installation;
beforeAll(async () => {
  here = createInstallation('simulated');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(() => here.remove());

describe('VMs', () => {
  it('live through create, ls, get, stop, start, pause, resume, restart and rm', async () => {
    expect(await here.must(['create', 'alpha', '--memory', '512m', '--vcpus', '2', '-l', 'team=blue'])).toBe('alpha');
    expect(await here.must(['ls'])).toMatch(/^NAME +PHASE .*\nalpha +running +2 +512 MiB +8 GiB +base /);
    expect(JSON.parse(await here.must(['get', 'alpha', '--json']))).toMatchObject({
      name: 'alpha',
      phase: 'running',
      vcpus: 2,
      memory_mib: 512,
      labels: { team: 'blue' },
    });

    for (const [verb, phase] of [
      ['pause', 'paused'],
      ['resume', 'running'],
      ['stop', 'stopped'],
      ['start', 'running'],
      ['restart', 'running'],
    ] as const) {
      expect(await here.must([verb, 'alpha'])).toBe('alpha');
      expect(JSON.parse(await here.must(['get', 'alpha', '--json']))).toMatchObject({ phase });
    }
    expect(await here.must(['rm', 'alpha'])).toBe('alpha');
    expect(await here.volary(['get', 'alpha'])).toMatchObject({ code: 3 });
  });

  it('are found by label, phase and name', async () => {
    await here.must(['create', 'one', '-l', 'set=a']);
    await here.must(['create', 'two', '-l', 'set=b', '--no-start']);

    expect(await here.must(['ls', '-q', '-l', 'set=a'])).toBe('one');
    expect(await here.must(['ls', '-q', '--phase', 'stopped'])).toBe('two');
    expect(JSON.parse(await here.must(['ls', '--json'])).items).toHaveLength(2);
    expect(await here.must(['ls', '-q', '--search', 'TW', '--driver', 'simulated'])).toBe('two');
    expect(await here.must(['ls', '-q', '--driver', 'docker'])).toBe('');
    expect(await here.must(['get', 'one', '--places'])).toMatch(/^kernel +-\nroot +-\nsocket +-$/);
    expect(JSON.parse(await here.must(['get', 'one', '--places', '--json']))).toMatchObject({ root_path: null });
    await here.must(['rm', '--force', '--grace', '10s', 'one', 'two']);
  });

  it('may be waited for, and operations too', async () => {
    const operation = await here.must(['create', 'later', '--no-wait', '--json']);
    const { id } = JSON.parse(operation);

    await here.must(['wait', id]);
    await here.must(['wait', 'later', '--phase', 'running']);
    expect(await here.volary(['wait', 'later', '--phase', 'stopped', '--timeout', '200ms'])).toMatchObject({ code: 4 });
    await here.must(['rm', 'later', '--no-wait']);
    await here.must(['wait', 'later', '--phase', 'absent']);
  });

  it('that are being made are unmade when that is cancelled', async () => {
    const { id } = JSON.parse(
      await here.must(['create', 'never', '--no-wait', '--json', '-l', 'simulate.agent=silent']),
    );
    const waited = await here.volary(['wait', id, '--timeout', '200ms']);
    expect(waited).toMatchObject({ code: 4 });
    expect(waited.stderr).toContain('is not over after the time that was given');

    expect(await here.must(['cancel', 'never'])).toBe(id);

    await here.must(['wait', 'never', '--phase', 'absent']);
    expect(await here.volary(['wait', id])).toMatchObject({ code: 1, stderr: expect.stringContaining('cancelled') });
    const again = await here.volary(['cancel', id, '--json']);
    expect([again.code, JSON.parse(again.stderr).error.reason]).toEqual([4, 'operation.final']);
    await here.must(['create', 'idle', '--no-start']);
    expect(await here.volary(['cancel', 'idle'])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('Nothing'),
    });
    await here.must(['rm', 'idle']);
  });

  it('are changed side by side, and one that fails does not keep the others from it', async () => {
    await here.must(['create', 'here']);
    const outcome = await here.volary(['stop', 'nowhere', 'here']);

    expect(outcome).toMatchObject({ code: 3, stdout: 'here\n' });
    expect(outcome.stderr).toContain('nowhere');
    await here.must(['rm', 'here']);
  });
});

describe('what is waited for', () => {
  it('is the health of a VM', async () => {
    await here.must(['create', 'well']);

    expect(JSON.parse(await here.must(['wait', 'well', '--health', 'healthy', '--json']))).toMatchObject({
      ...{ name: 'well', phase: 'running', health: 'healthy' },
    });
    const never = await here.volary(['wait', 'well', '--health', 'unhealthy', '--timeout', '1s']);
    expect(never).toMatchObject({ code: 4, stderr: expect.stringContaining('well is not running and unhealthy') });
    expect((await here.volary(['wait', 'well', '--health', 'fine'])).stderr).toContain('healthy, unhealthy');
    await here.must(['rm', 'well']);
  });

  it('is a deployment, whose replicas are all to be well', async () => {
    await here.must(['deploy', 'create', 'app', '--replicas', '2']);

    expect(JSON.parse(await here.must(['wait', 'app', '--health', 'healthy', '--json']))).toMatchObject({
      ...{ name: 'app', phase: 'running', ready_replicas: 2 },
    });
    expect(await here.volary(['wait', 'app', '--health', 'unhealthy'])).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining('volary wait app --health healthy') },
    });
    expect((await here.volary(['wait', 'nothing', '--health', 'healthy'])).stderr).toContain('There is no VM nothing');
    await here.must(['deploy', 'rm', 'app']);
  });
});

describe('what is removed', () => {
  it.each([
    ['network', ['--cidr', '10.71.0.0/24'], ['--cidr', '10.72.0.0/24']],
    ['security-group', [], []],
  ])('of a list each %s is told of, gone or not', async (kind, first, second) => {
    await here.must([kind, 'create', 'one', ...first]);
    await here.must([kind, 'create', 'two', ...second]);

    const outcome = await here.volary([kind, 'rm', 'one', 'nothing', 'two', 'one']);

    expect(outcome).toMatchObject({ code: 3, stdout: 'one\ntwo\n', stderr: expect.stringContaining('nothing') });
    await here.must([kind, 'create', 'one', ...first]);
    const json = await here.volary([kind, 'rm', 'one', 'two', '--json']);
    expect(json.code).toBe(3);
    expect(JSON.parse(json.stdout)).toEqual({ removed: ['one'] });
    expect(JSON.parse(json.stderr).error.reason).toMatch(/\.unknown$/);
  });

  it('is the same of deployments and workspaces, which are waited for', async () => {
    await here.must(['deploy', 'create', 'app', '--replicas', '1', '--wait']);

    const outcome = await here.volary(['deploy', 'rm', 'nothing', 'app']);

    expect(outcome).toMatchObject({ code: 3, stdout: 'app\n', stderr: expect.stringContaining('nothing') });
    await here.must(['workspace', 'create', 'desk']);
    expect(await here.volary(['workspace', 'rm', 'desk', 'nothing'])).toMatchObject({ code: 3, stdout: 'desk\n' });
  });
});

describe('what is seen', () => {
  it('is the log of events', async () => {
    await here.must(['create', 'seen']);
    await here.must(['rm', 'seen']);
    const all = JSON.parse(await here.must(['events', '--json', '--type', 'vm.created,vm.deleted'])).items;

    expect(all.slice(-2)).toMatchObject([{ type: 'vm.created' }, { type: 'vm.deleted' }]);
    const after = all.at(-2).sequence;
    expect(await here.must(['events', '--after', String(after), '--type', 'vm.deleted'])).toMatch(/vm\.deleted/);
    const followed = await here.must([
      'events',
      '--json',
      '--follow',
      '--after',
      String(after),
      '--type',
      'vm.deleted',
      '--limit',
      '1',
    ]);
    expect(JSON.parse(followed)).toMatchObject({ type: 'vm.deleted' });
  });

  it('is the server, its host and its images', async () => {
    expect(await here.must(['status'])).toMatch(/driver simulated/);
    expect(JSON.parse(await here.must(['status', '--json']))).toMatchObject({ capabilities: { driver: 'simulated' } });
    expect(await here.must(['image', 'ls'])).toMatch(/^NAME .*\nbase /);
  });
});

describe('logs', () => {
  it('are JSON where that was asked for, a piece a line', async () => {
    await here.must(['create', 'talks']);
    const id = await here.must(['exec', '--detach', 'talks', '--', 'echo', 'hi']);
    await here.must(['attach', id]);
    const command = { stream: 'stdout', offset: 0, data: 'hi\n', encoding: 'utf8' };

    expect(pieces(await here.must(['logs', '--json', id]))).toEqual([command]);
    expect(pieces(await here.must(['logs', '--json', '--follow', id]))).toEqual([command]);
    const { bytes: whole } = await here.volary(['logs', 'talks']);
    const all = pieces(await here.must(['logs', '--json', 'talks']));
    expect(all.map((piece) => piece.data).join('')).toBe(whole.toString('utf8'));
    const [last] = pieces(await here.must(['logs', '--json', '--tail', '1', 'talks']));
    expect(whole.subarray(last.offset).toString('utf8')).toBe(last.data);
    await here.must(['rm', 'talks']);
  });

  it('end with the last lines of a command where so many were asked for', async () => {
    await here.must(['create', 'talks']);
    const id = await here.must(['exec', '--detach', 'talks', '--', 'echo', 'one\ntwo\nthree']);
    await here.must(['attach', id]);

    expect(await here.must(['logs', '--tail', '2', id])).toBe('two\nthree');
    expect(pieces(await here.must(['logs', '--json', '--tail', '1', id]))).toEqual([
      { stream: 'stdout', offset: 8, data: 'three\n', encoding: 'utf8' },
    ]);
    expect(await here.volary(['logs', '--tail', '1', '--follow', id])).toMatchObject({ code: 2, stdout: '' });
    await here.must(['rm', 'talks']);
  });

  function pieces(text: string) {
    return text.split('\n').map((line) => JSON.parse(line));
  }
});

describe('errors', () => {
  it.each([
    [['get', 'nobody'], 3, 'nobody'],
    [['create', '--vcpus', '99'], 2, '--vcpus must be 1 to 64.'],
    [['create', '--memory', '1'], 2, '--memory must be 128 to 1048576 MiB.'],
    [['events', '--type', 'zz'], 2, 'vm.created, '],
    [['get', 'Nobody'], 2, 'The name must be 1 to 63 lower-case letters'],
    [['create', 'Not_A_Name'], 2, 'name is not well-formed'],
    [['create', 'x', '--image', 'none-such'], 2, 'none-such'],
    [['create', '--bogus'], 2, '--bogus'],
    [['cp', 'a', 'b'], 2, 'one side'],
    [['frobnicate'], 2, 'frobnicate'],
    [['ls', '--url', 'http://127.0.0.1:1'], 5, '127.0.0.1:1'],
    [['ls', '--key', 'schlüssel-with-a-space or-two'], 2, 'printable ASCII'],
    [['ls', '--key', 'wrong-key-that-is-long-enough'], 5, 'key'],
  ])('volary %j ends with %i and says why', async (args, code, words) => {
    const outcome = await here.volary(args);

    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toContain(words);
    expect(outcome.stdout).toBe('');
  });

  it('of volary itself are 125 where the code is otherwise that of a command', async () => {
    for (const command of [['exec'], ['ssh'], ['workspace', 'ssh']]) {
      const args = [...command, 'nothing', '--', 'true'];
      expect(await here.volary(args)).toMatchObject({ code: 125, stderr: expect.stringContaining('nothing') });
      expect(await here.volary([...command, '--bogus'])).toMatchObject({ code: 125 });
    }
    expect(await here.volary(['workspace', 'get', 'nothing'])).toMatchObject({ code: 3 });
  });

  it('are JSON where that was asked for', async () => {
    const { code, stderr } = await here.volary(['get', 'nobody', '--json']);

    expect(code).toBe(3);
    expect(JSON.parse(stderr)).toMatchObject({ error: { reason: 'vm.unknown', code: 'not_found', exit_code: 3 } });
  });

  it('are refused before anything is made', async () => {
    await here.must(['create', 'taken']);

    expect(await here.volary(['create', 'taken'])).toMatchObject({ code: 4 });
    expect(await here.must(['ls', '-q'])).toBe('taken');
    await here.must(['rm', 'taken']);
  });
});

describe('files', () => {
  beforeAll(() => here.must(['create', 'box']));
  afterAll(() => here.must(['rm', 'box']));

  it('are copied but for those whose name is not UTF-8, and the copy is called incomplete', async () => {
    const source = join(here.directory, 'names');
    mkdirSync(source);
    writeFileSync(Buffer.concat([Buffer.from(join(source, 'caf')), Buffer.of(0xe9)]), 'out');
    writeFileSync(join(source, 'zebra'), 'in');
    const outcome = await here.volary(['cp', source, 'box:/root/']);

    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toContain('names/caf\\xe9 was left out: its name is not UTF-8');
    expect(outcome.stderr).toContain('1 file was left out');
    expect(await here.must(['cp', 'box:/root/names/zebra', '-'])).toBe('in');
    const asJson = await here.volary(['cp', '--json', source, 'box:/root/']);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ files: 1, left_out: [{ why: 'its name is not UTF-8' }] });
    expect(JSON.parse(asJson.stderr)).toMatchObject({ error: { reason: 'cli.incomplete' } });
  });

  it.each([
    [['nowhere', 'box:/root/'], 'nowhere cannot be read: no such file or directory.'],
    [['box:/root/note', '/nowhere/x'], '/nowhere/x cannot be written: no such file or directory.'],
    [['box:/root/note', '/dev/full'], '/dev/full cannot be written: no space left on device.'],
    [['box:/root', '/dev/null'], '/dev/null cannot be written: file already exists.'],
  ])('of this machine are named when it refuses them: %j', async (args, sentence) => {
    await here.must(['cp', '-', 'box:/root/note'], { input: 'note' });
    const outcome = await here.volary(['cp', ...args]);

    expect(outcome).toMatchObject({ code: 1, stderr: `error: ${sentence}\n` });
  });
});

describe('a pipe that nobody reads any more', () => {
  it('ends the program without a word', async () => {
    const { runToEnd, VOLARY } = await import('./installation.ts');
    const outcome = await runToEnd(['bash', '-c', '"$0" help | head -1; echo "${PIPESTATUS[0]}"', VOLARY], {
      env: here.env,
    });

    expect(outcome.stderr).toBe('');
    expect(outcome.stdout).toMatch(/^Usage: volary.*\n(0|141)\n$/);
  });
});
