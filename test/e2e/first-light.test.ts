import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, runToEnd, VOLARY } from './installation.ts';

/* What the project promises first, with a real VM: from nothing to a command's output. */

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach']);
});
afterAll(() => here.remove());

describe('a command in a VM', () => {
  it('prints the kernel of the guest, and its exit code is ours', async () => {
    const { code, stdout } = await here.volary(['exec', 'first', '--', 'sh', '-c', 'uname -a; exit 7']);

    expect(code).toBe(7);
    expect(stdout).toMatch(/^Linux first /);
  });

  it('reads our input', async () => {
    expect(await here.must(['exec', 'first', '--', 'cat'], { input: 'hi\n' })).toBe('hi');
  });

  it('passes bytes through as they are, in amounts', async () => {
    const bytes = randomBytes(3 * 1024 * 1024);
    const outcome = await here.volary(['exec', 'first', '--', 'cat'], { input: bytes });

    expect(outcome.bytes.equals(bytes)).toBe(true);
  });

  it('keeps output and errors apart', async () => {
    const outcome = await here.volary(['exec', 'first', '--', 'sh', '-c', 'echo out; echo err >&2']);

    expect(outcome).toMatchObject({ code: 0, stdout: 'out\n', stderr: 'err\n' });
  });

  it('gets its environment, directory and user', async () => {
    const words = ['sh', '-c', 'echo $GREETING; pwd; id -un'];
    const args = ['exec', 'first', '-e', 'GREETING=a b', '-w', '/tmp', '-u', 'nobody', '--', ...words];

    expect(await here.must(args)).toBe('a b\n/tmp\nnobody');
  });

  it.each([
    [['exec', 'first', '--', 'no-such-program'], 127],
    [['exec', 'first', '--', 'sh', '-c', 'kill -9 $$'], 137],
    [['exec', 'first', '--timeout', '300ms', '--', 'sleep', '60'], 124],
    [['exec', 'nobody', '--', 'true'], 125],
    [['exec', 'first', '--user', 'nobody-of-this-name', '--', 'true'], 125],
    [['exec', 'first', '--cwd', '/no/such/directory', '--', 'true'], 125],
    [['exec', 'first', '--url', 'http://127.0.0.1:1', '--', 'true'], 125],
    [['exec', 'first', '--bogus', '--', 'true'], 125],
  ])('%j ends with %i', async (args, code) => {
    expect(await here.volary(args)).toMatchObject({ code });
  });

  it('gets the signals that we get', async () => {
    const child = spawn(
      VOLARY,
      ['exec', 'first', '--', 'sh', '-c', 'trap "echo caught; exit 3" TERM; echo ready; while :; do sleep 0.1; done'],
      {
        env: here.env,
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    const ended = once(child, 'exit');
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (line === 'ready') child.kill('SIGTERM');
    }

    expect(lines).toEqual(['ready', 'caught']);
    expect(await ended).toEqual([3, null]);
  });

  it('ends when its reader has gone', async () => {
    await runToEnd(
      ['bash', '-c', '"$0" exec first -- sh -c "echo $$ >/tmp/yes.pid; exec yes" | head -1 >/dev/null', VOLARY],
      { env: here.env },
    );

    expect(await here.volary(['exec', 'first', '--', 'pgrep', '-x', 'yes'])).toMatchObject({ code: 1 });
  });

  it('may be left running, and its output read later', async () => {
    const id = await here.must(['exec', 'first', '--detach', '--', 'sh', '-c', 'echo started; exec sleep 0.2']);

    expect(await here.must(['logs', '-f', id])).toBe('started');
  });

  it('is told of as JSON where that was asked for', async () => {
    const { code, stdout } = await here.volary([
      'exec',
      'first',
      '--json',
      '--',
      'sh',
      '-c',
      'printf "a\\377"; exit 2',
    ]);

    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ exit_code: 2, stdout: 'Yf8=', stdout_encoding: 'base64', stderr: '' });
  });
});

describe('files', () => {
  it('of 50 MiB go there and back unchanged', async () => {
    const source = join(here.directory, 'big');
    const bytes = randomBytes(50 * 1024 * 1024);
    writeFileSync(source, bytes, { mode: 0o750 });
    await here.must(['cp', source, 'first:/root/big']);

    expect(
      await here.must(['exec', 'first', '--', 'sh', '-c', 'sha256sum /root/big | cut -d" " -f1; stat -c %a /root/big']),
    ).toBe(`${sha256(bytes)}\n750`);
    await here.must(['cp', 'first:/root/big', `${source}.back`]);
    expect(sha256(readFileSync(`${source}.back`))).toBe(sha256(bytes));
  });

  it('in directories keep their places and names', async () => {
    const tree = join(here.directory, 'tree');
    mkdirSync(join(tree, 'a/b'), { recursive: true });
    writeFileSync(join(tree, 'a/b/ä file'), 'deep');
    writeFileSync(join(tree, 'empty'), '');
    symlinkSync('empty', join(tree, 'link'));
    await here.must(['cp', tree, 'first:/root']);
    await here.must(['cp', 'first:/root/tree', join(here.directory, 'copy')]);

    expect(readdirSync(join(here.directory, 'copy'), { recursive: true }).sort()).toEqual([
      'a',
      'a/b',
      'a/b/ä file',
      'empty',
      'link',
    ]);
    expect(readFileSync(join(here.directory, 'copy/a/b/ä file'), 'utf8')).toBe('deep');
  });

  it('may come from a pipe and go to one', async () => {
    await here.must(['cp', '-', 'first:/root/piped'], { input: 'piped' });

    expect(await here.must(['cp', 'first:/root/piped', '-'])).toBe('piped');
  });

  it('that are not there are told of', async () => {
    expect(await here.volary(['cp', 'first:/nowhere', '-'])).toMatchObject({ code: 3 });
    expect(await here.volary(['cp', '/nowhere', 'first:/root/x'])).toMatchObject({ code: 1 });
    expect(existsSync(join(here.directory, 'x'))).toBe(false);
  });
});

describe('a VM', () => {
  it('keeps its disk while it is stopped', async () => {
    await here.must(['create', 'kept']);
    await here.must(['exec', 'kept', '--', 'sh', '-c', 'echo kept >/root/note; sync']);
    await here.must(['stop', 'kept']);
    await here.must(['start', 'kept']);

    expect(await here.must(['exec', 'kept', '--', 'cat', '/root/note'])).toBe('kept');
    await here.must(['rm', 'kept']);
  });

  it('runs on while its server is away', async () => {
    await here.must(['exec', 'first', '--', 'sh', '-c', 'echo before >/tmp/here']);
    const { pid } = JSON.parse(await here.must(['get', 'first', '--json']));
    await here.must(['down']);
    await here.must(['up', '--detach', '--no-vm']);

    expect(JSON.parse(await here.must(['get', 'first', '--json']))).toMatchObject({ phase: 'running', pid });
    expect(await here.must(['exec', 'first', '--', 'cat', '/tmp/here'])).toBe('before');
  });

  it('has a console, which is kept and can be followed', async () => {
    await here.must(['exec', 'first', '--', 'sh', '-c', 'printf "one\\ntwo\\nthree\\n" >/dev/console']);
    const child = spawn(VOLARY, ['logs', 'first', '--follow', '--tail', '2'], {
      env: here.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line.trim());
      if (line.trim() === 'three') await here.must(['exec', 'first', '--', 'sh', '-c', 'echo four >/dev/console']);
      if (line.trim() === 'four') child.kill('SIGTERM');
    }
    await ended;

    expect(lines).toEqual(['two', 'three', 'four']);
  });

  it('leaves no process and no file when it is deleted', async () => {
    await here.must(['create', 'gone']);
    const { pid, id } = JSON.parse(await here.must(['get', 'gone', '--json']));
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    await here.must(['rm', 'gone']);

    // Dead by then; its entry goes when its parent has been told.
    await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
    expect(readdirSync(join(here.dataDir, 'vms')).some((name) => id.endsWith(name) || name.includes(id))).toBe(false);
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
