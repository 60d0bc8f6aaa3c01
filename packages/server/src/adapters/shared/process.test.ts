import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findProcess, identifyDirectory, listPids, readBootId, readProcess } from './process.ts';

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
