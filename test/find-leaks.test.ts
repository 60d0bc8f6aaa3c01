import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { countHandles, endLeaks, findLeaks, type HandleCounts, waitForNoLeaks } from './find-leaks.ts';

let directory = '';
let before: HandleCounts = new Map();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-leaks-'));
  before = countHandles();
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const WAIT = 'setInterval(() => {}, 60_000)';

/** Starts a program that ends at once and leaves one running that is nobody's child, as a virtual machine monitor is. */
async function startDaemon(env: NodeJS.ProcessEnv, cwd: string, ...args: readonly string[]): Promise<number> {
  const script = `
    const argv = ${JSON.stringify(['-e', WAIT, '--', ...args])};
    const child = require('node:child_process').spawn(process.execPath, argv, { detached: true, stdio: 'ignore' });
    child.unref();
    process.stdout.write(String(child.pid));`;
  const starter = spawn(process.execPath, ['-e', script], { env, cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  const [[pid]] = await Promise.all([once(starter.stdout, 'data'), once(starter, 'close')]);
  return Number(String(pid));
}

test('nothing is found where nothing was left', async () => {
  expect(await waitForNoLeaks(directory, before)).toEqual([]);
});

test('a child of this process is found', async () => {
  const child = spawn(process.execPath, ['-e', WAIT], { env: {}, cwd: '/', stdio: 'ignore' });
  await once(child, 'spawn');

  const leaks = findLeaks(directory, before).join('\n');
  child.kill('SIGKILL');
  await once(child, 'close');

  expect(leaks).toContain(`process ${child.pid}: `);
  expect(leaks).toContain('1 ProcessWrap');
  expect(await waitForNoLeaks(directory, before)).toEqual([]);
});

test.each([
  ['inherited the temp directory', (dir: string) => ({ TMPDIR: dir }), () => '/', () => []],
  ['works in it', () => ({}), (dir: string) => join(dir, 'run'), () => []],
  ['names it', () => ({}), () => '/', (dir: string) => [`${dir}/disk.qcow2`]],
])('a daemon that %s is found and ended', async (_how, env, cwd, args) => {
  mkdirSync(join(directory, 'run'));
  const pid = await startDaemon(env(directory), cwd(directory), ...args(directory));

  const leaks = findLeaks(directory, before).join('\n');
  endLeaks(directory);

  expect(leaks).toContain(`process ${pid}: `);
  expect(existsSync(directory)).toBe(false);
  mkdirSync(directory);
  expect(await waitForNoLeaks(directory, before)).toEqual([]);
});

test('a file in the temp directory is found', () => {
  writeFileSync(join(directory, 'left.txt'), '');

  expect(findLeaks(directory, before)).toEqual([`file: ${join(directory, 'left.txt')}`]);
});

test('a server that still listens is found', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');

  const leaks = findLeaks(directory, before);
  server.close();
  await once(server, 'close');

  expect(leaks).toEqual(['handles: 1 TCPServerWrap']);
  expect(await waitForNoLeaks(directory, before)).toEqual([]);
});

test('what is about to end is waited for', async () => {
  const file = join(directory, 'soon-gone.txt');
  writeFileSync(file, '');
  const waiting = waitForNoLeaks(directory, before);

  rmSync(file);

  expect(await waiting).toEqual([]);
});
