import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { sandboxed } from './sandbox.ts';

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
