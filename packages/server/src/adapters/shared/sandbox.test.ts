import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runOnFile, sandboxed } from './sandbox.ts';

const BOUNDS = { memoryMib: 256, cpuSeconds: 1, fileBytes: 4_096 } as const;

function run(script: string): { readonly status: number | null; readonly stdout: string } {
  const [program, ...args] = sandboxed(['sh', '-c', script], BOUNDS);
  return spawnSync(program, args, { encoding: 'utf8' });
}

it('has no privileges, no network, and none of the data of the host', ({ skip }) => {
  skip(process.getuid?.() !== 0, 'only root can do all of it');

  expect(run('id -u').stdout.trim()).toBe('60577');
  expect(run('grep ^Cap /proc/self/status | cut -f 2 | sort -u').stdout.trim()).toBe('0000000000000000');
  expect(run('grep NoNewPrivs /proc/self/status | cut -f 2').stdout.trim()).toBe('1');
  expect(run('tail -n +3 /proc/net/dev | grep -v "lo:"').stdout).toBe('');
  expect(run('ls -A /etc /home /root /var /tmp /run | grep -v :').stdout.trim()).toBe('');
  expect(run('echo $$ $(ls -d /proc/[0-9]* | wc -l)').stdout).toMatch(/^1 [1-4]\n$/);
});

it('ends what takes too much', () => {
  expect(run('while :; do :; done').status).not.toBe(0);
  expect(run('x=a; while :; do x=$x$x; done').status).not.toBe(0);
  expect(run('head -c 1 /dev/zero > /dev/null').status).toBe(0);
}, 30_000);

it('writes to the file that it is given, as its own user, and to no other; then it is again whose it was', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sandbox-'));
  try {
    const path = join(directory, 'file');
    await using file = await open(path, 'w+', 0o600);
    const before = await file.stat();
    const bounds = { ...BOUNDS, signal: AbortSignal.timeout(20_000) };
    const say = (script: string) => runOnFile(file, ['sh', '-c', script], bounds);

    const { exitCode, stdout } = await say('id -u; echo written > /proc/self/fd/3');
    const other = await say(`echo written > ${directory}/other`);
    const tooLong = await say('head -c 8192 /dev/zero > /proc/self/fd/3');

    expect(exitCode).toBe(0);
    expect([other.exitCode, tooLong.exitCode]).not.toContain(0);
    if (process.getuid?.() === 0) expect(stdout).toBe('60577\n');
    expect((await readFile(path)).length).toBeLessThanOrEqual(4_096);
    const { uid, gid, mode } = await file.stat();
    expect({ uid, gid, mode }).toEqual({ uid: before.uid, gid: before.gid, mode: before.mode });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
