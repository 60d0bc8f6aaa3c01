import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDataDir } from './data-dir-lock.ts';

const HOLDER = fileURLToPath(new URL('./data-dir-lock.fixture.ts', import.meta.url));

describe('the lock of the data directory', () => {
  let dir: string;
  let children: ChildProcessWithoutNullStreams[];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'volary-test-lock-'));
    children = [];
  });
  afterEach(async () => {
    for (const child of children) await end(child, 'SIGKILL');
    rmSync(dir, { recursive: true });
  });

  /** Another process that holds the lock by now. */
  async function startHolder(): Promise<ChildProcessWithoutNullStreams> {
    const child = spawn(process.execPath, [HOLDER, dir]);
    children.push(child);
    const [said] = await once(child.stdout, 'data');
    expect(String(said)).toBe('locked\n');
    return child;
  }

  it('lets one in, and the next one when it is released', () => {
    const first = lockDataDir(dir);
    expect(readFileSync(join(dir, 'server.pid'), 'utf8')).toBe(`${process.pid}\n`);
    expect(() => lockDataDir(dir)).toThrow(expect.objectContaining({ reason: 'server.data_dir_in_use' }));

    first.release();
    first.release();
    expect(existsSync(join(dir, 'server.pid'))).toBe(false);

    using second = lockDataDir(dir);
    expect(second).toBeDefined();
    expect(statSync(join(dir, 'server.lock')).mode & 0o777).toBe(0o600);
  });

  it('tells in one sentence which process has it, and what to do', async () => {
    const holder = await startHolder();

    expect(() => lockDataDir(dir)).toThrow(
      expect.objectContaining({
        code: 'failed_precondition',
        reason: 'server.data_dir_in_use',
        details: { pid: holder.pid },
        message: `Another server (pid ${holder.pid}) is using this data directory; stop it first, or give this one a directory of its own with --data-dir.`,
      }),
    );
  });

  it('is free again after a holder that was killed, or that went by itself', async () => {
    await end(await startHolder(), 'SIGKILL');
    lockDataDir(dir).release();

    const other = await startHolder();
    other.stdin.end();
    await once(other, 'exit');
    lockDataDir(dir).release();
  });

  it('is not taken in by a pid file that names a living process', () => {
    writeFileSync(join(dir, 'server.pid'), `${process.ppid}\n`);

    using lock = lockDataDir(dir);

    expect(lock).toBeDefined();
  });

  it('does without the pid when nobody can tell it', () => {
    using _held = lockDataDir(dir);
    writeFileSync(join(dir, 'server.pid'), 'nonsense');
    expect(() => lockDataDir(dir)).toThrow(/^Another server is using/);

    rmSync(join(dir, 'server.pid'));
    expect(() => lockDataDir(dir)).toThrow(/^Another server is using/);
  });

  it('says so when there can be no lock', () => {
    writeFileSync(join(dir, 'server.lock'), 'this is no database, and longer than a header of one has to be');

    expect(() => lockDataDir(dir)).toThrow(expect.objectContaining({ reason: 'config.data_dir' }));
    expect(() => lockDataDir(join(dir, 'missing'))).toThrow(expect.objectContaining({ reason: 'config.data_dir' }));
  });
});

async function end(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
