import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { VolaryClient } from '@volary/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDataDir } from '../../../packages/server/src/adapters/shared/data-dir-lock.ts';
import { createEventLog } from '../checks/event-log.ts';
import { type ServerProcess, startServer } from '../server-process.ts';
import { runServer } from './running-server.ts';

/* A disk that fills up, in earnest: the data directory lies on a file system of a few megabytes. */

/** A host must have this much to give for a VM to be admitted; nothing of it is taken until it is written. */
const LARGE = '8g';
const SMALL = '24m';
/** The server looks at its disk every 10 s. */
const NOTICED_MS = 25_000;
const OUTPUT_BYTES = 12 * 1024 * 1024;
/** What the server puts aside for its next start, and what at least it has of that after a start on a full disk. */
const RESERVE_BYTES = 8 * 1024 * 1024;
const LEAST_RESERVE_BYTES = 3.5 * 1024 * 1024;
let directory: string;
let dataDir: string;
let isMounted = false;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'full-'));
  dataDir = join(directory, 'data');
  mkdirSync(dataDir);
  isMounted = mount(`size=${LARGE}`);
});
afterEach(() => {
  if (isMounted) execFileSync('umount', [dataDir]);
  rmSync(directory, { recursive: true });
});

/** False where we may not. */
function mount(options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dataDir], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function freeBytes(): number {
  const { bavail, bsize } = statfsSync(dataDir);
  return bavail * bsize;
}

/** Leaves no more than this many bytes, and returns what takes the others. */
function fill(leftBytes: number): string {
  mount(`remount,size=${SMALL}`);
  const path = join(dataDir, `filler-${randomUUID()}`);
  writeFileSync(path, Buffer.alloc(Math.max(0, freeBytes() - leftBytes)));
  return path;
}

/** Disposing kills it. */
function start(): ServerProcess & AsyncDisposable {
  const server = startServer({ dataDir, driver: 'simulated' });
  return { ...server, [Symbol.asyncDispose]: server.kill };
}

async function untilReserveIs(bytes: number): Promise<void> {
  const path = join(dataDir, 'reserve');
  const endsAt = performance.now() + NOTICED_MS;
  while (!existsSync(path) || statSync(path).blocks * 512 < bytes) {
    if (performance.now() > endsAt) throw new Error('nothing was put aside');
    await delay(20);
  }
}

/** Has commands run until one is refused; the ids of those that were accepted, and the refusal. */
async function runUntilRefused(client: VolaryClient): Promise<{ readonly ids: string[]; readonly error: unknown }> {
  const ids: string[] = [];
  for (let i = 0; i < 1_000; i++) {
    try {
      ids.push((await client.executions.detach('full', { command: 'yes | head -c 20000' })).id);
    } catch (error) {
      return { ids, error };
    }
  }
  throw new Error('the disk is not full yet');
}

/** Asks until the answer is as wanted: the server tells of its disk when it has looked. */
async function untilReadiness(client: VolaryClient, isReady: boolean): Promise<unknown> {
  const endsAt = performance.now() + NOTICED_MS;
  for (;;) {
    const refusal: unknown = await client.ready().then(
      () => null,
      (error: unknown) => error,
    );
    if ((refusal === null) === isReady || performance.now() > endsAt) return refusal;
    await delay(100);
  }
}

test('loses nothing that was committed, is said, and passes when there is space again', {
  timeout: 120_000,
}, async (context) => {
  if (!isMounted) return context.skip('only root may mount a file system');
  const server = await runServer('simulated', dataDir);
  const { client } = server;
  await client.operations.finish((await client.vms.create({ name: 'full', memory_mib: 128, disk_gib: 1 })).id);

  // This command's output is more than there is room for: what is not kept yet stays in the guest.
  const filler = fill(4 * 1024 * 1024);
  const long = await client.executions.detach('full', { command: `yes | head -c ${OUTPUT_BYTES}` });
  const { ids, error } = await runUntilRefused(client);

  expect(error).toMatchObject({ status: 507, code: 'resource_exhausted', reason: 'store.full' });
  expect(await untilReadiness(client, false)).toMatchObject({ status: 503, detail: expect.stringContaining('full') });
  expect(await client.vms.get('full')).toMatchObject({ phase: 'running' });

  rmSync(filler);
  mount(`remount,size=${LARGE}`);
  expect(await untilReadiness(client, true)).toBeNull();
  for (const id of [...ids, long.id]) for await (const _ of (await client.executions.attach(id)).output);
  expect(await client.executions.get(long.id)).toMatchObject({
    state: 'exited',
    exit_code: 0,
    stdout_bytes: OUTPUT_BYTES,
  });
  await server.process.kill();

  await using next = await runServer('simulated', dataDir);
  for (const id of ids) expect(await next.client.executions.get(id)).toMatchObject({ state: 'exited', exit_code: 0 });
  expect(await createEventLog().readOn(next.client)).toEqual([]);
});

test('that is full to the last block is no hindrance to the next server, nor to the one after it', {
  timeout: 120_000,
}, async (context) => {
  if (!isMounted) return context.skip('only root may mount a file system');
  await using server = start();
  const first = await server.ready();
  if (first === null) throw new Error('the server ended at its start');
  await first.operations.finish((await first.vms.create({ name: 'full', memory_mib: 128, disk_gib: 1 })).id);
  await untilReserveIs(RESERVE_BYTES);
  await server.kill();
  const fillers: string[] = [];

  for (let i = 0; i < 3; i++) {
    fillers.push(fill(0));
    expect(freeBytes()).toBe(0);
    await using next = start();
    const client = await next.answering();
    expect(await client?.vms.get('full')).toMatchObject({ phase: 'running' });
    await expect(client?.ready()).rejects.toMatchObject({ status: 503, detail: expect.stringContaining('full') });
    await untilReserveIs(LEAST_RESERVE_BYTES);
  }
  // Without anything put aside it cannot start, and says why.
  rmSync(join(dataDir, 'reserve'));
  fillers.push(fill(0));
  await using refused = start();
  expect(await refused.died).toBe('1');
  expect(readFileSync(`${dataDir}.log`, 'utf8')).toMatch(/volary: The disk that holds .* is full.*\n$/);

  for (const filler of fillers) rmSync(filler);
  mount(`remount,size=${LARGE}`);
  await using last = await runServer('simulated', dataDir);
  await untilReserveIs(RESERVE_BYTES);
  expect(await createEventLog().readOn(last.client)).toEqual([]);
});

test('that is full to the last block can be locked: whoever holds the lock may make room', (context) => {
  if (!isMounted) return context.skip('only root may mount a file system');
  lockDataDir(dataDir).release();
  fill(0);

  using lock = lockDataDir(dataDir);

  expect(() => lockDataDir(dataDir)).toThrow(expect.objectContaining({ reason: 'server.data_dir_in_use' }));
  lock.release();
});
