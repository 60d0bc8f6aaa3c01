import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  findProcess,
  identifyDirectory,
  listPids,
  readBootId,
  readDevice,
  readProcess,
  readResidentBytes,
  uptimeMsOf,
} from './process.ts';

test('shows this very process', () => {
  const facts = readProcess(process.pid);

  expect(facts).toMatchObject({ pid: process.pid, workingDirectory: identifyDirectory(process.cwd()) });
  expect(facts?.commandLine[0]).toContain('node');
  expect(listPids()).toContain(process.pid);
});

test('finds a process again by its identity, and never another one', async () => {
  const child = spawn('sleep', ['60'], { cwd: tmpdir() });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const pid = child.pid ?? 0;
  const facts = readProcess(pid);
  const identity = { pid, startTimeTicks: facts?.startTimeTicks ?? 0, bootId: readBootId() };

  expect(findProcess(identity)).toMatchObject({ pid });
  expect(findProcess({ ...identity, startTimeTicks: identity.startTimeTicks + 1 })).toBeNull();
  expect(findProcess({ ...identity, bootId: 'another' })).toBeNull();
  child.kill('SIGKILL');
  await exited;
  expect(findProcess(identity)).toBeNull();
});

test('a name with brackets and spaces misleads nobody, and a zombie is none', () => {
  const root = mkdtempSync(join(tmpdir(), 'proc-'));
  const write = (pid: number, state: string): void => {
    mkdirSync(join(root, String(pid)), { recursive: true });
    const rest = Array.from({ length: 18 }, (_, i) => i).join(' ');
    writeFileSync(join(root, String(pid), 'stat'), `${pid} (a) Z (b) ${state} ${rest} 4711 0 0\n`);
    writeFileSync(join(root, String(pid), 'cmdline'), 'prog\0-x\0\0');
  };
  write(7, 'S');
  write(8, 'Z');

  expect(readProcess(7, root)).toEqual({
    pid: 7,
    startTimeTicks: 4711,
    commandLine: ['prog', '-x', ''],
    workingDirectory: null,
  });
  expect(readProcess(8, root)).toBeNull();
  expect(readProcess(9, root)).toBeNull();
  rmSync(root, { recursive: true });
});

test('tells how long a process has been there, and what it holds of memory', async () => {
  const child = spawn('sleep', ['60']);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const facts = readProcess(child.pid ?? 0);
  if (facts === null) throw new Error('it is there');

  const uptimeMs = uptimeMsOf(facts);
  await expect.poll(() => uptimeMsOf(facts), { timeout: 10_000 }).toBeGreaterThan(uptimeMs);
  // Both are told in hundredths of a second.
  expect(Math.abs(uptimeMsOf({ startTimeTicks: 0 }) - uptime() * 1_000)).toBeLessThan(1_000);
  expect(readResidentBytes(process.pid)).toBeGreaterThan(10 * 1_024 ** 2);

  child.kill('SIGKILL');
  await exited;
  expect(readResidentBytes(facts.pid)).toBeNull();
});

test('tells what an interface of its network namespace has counted', () => {
  const root = mkdtempSync(join(tmpdir(), 'proc-'));
  mkdirSync(join(root, '7', 'net'), { recursive: true });
  const lines = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
    '    lo:       1       1    0    0    0     0          0         0        1       1    0    0    0     0       0          0',
    '  vt12:    1200      11    0    3    0     0          0         0     3400      22    0    0    0     0       0          0',
    'vt123:99 1 0 0 0 0 0 0 99 1 0 0 0 0 0 0',
  ];
  writeFileSync(join(root, '7', 'net', 'dev'), `${lines.join('\n')}\n`);

  expect(readDevice(7, 'vt12', root)).toEqual({
    ...{ receivedBytes: 1_200, receivedPackets: 11, sentBytes: 3_400, sentPackets: 22 },
  });
  expect(readDevice(7, 'vt123', root)).toMatchObject({ receivedBytes: 99, sentPackets: 1 });
  expect(readDevice(7, 'vt1', root)).toBeNull();
  expect(readDevice(8, 'vt12', root)).toBeNull();
  rmSync(root, { recursive: true });
});
