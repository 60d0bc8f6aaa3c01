import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { VolaryClient } from '@volary/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDataDir } from '../../../packages/server/src/adapters/shared/data-dir-lock.ts';
import { createEventLog } from '../checks/event-log.ts';
import { runServer } from './running-server.ts';

/* A disk that fills up, in earnest: the data directory lies on a file system of a few megabytes. */

/** A host must have this much to give for a VM to be admitted; nothing of it is taken until it is written. */
const LARGE = '8g';
const SMALL = '24m';
/** The server looks at its disk every 10 s. */
const NOTICED_MS = 25_000;
const OUTPUT_BYTES = 12 * 1024 * 1024;
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

/** Leaves no more than this many bytes, and returns what takes the others. */
function fill(leftBytes: number): string {
  mount(`remount,size=${SMALL}`);
  const { bavail, bsize } = statfsSync(dataDir);
  const path = join(dataDir, 'filler');
  writeFileSync(path, Buffer.alloc(Math.max(0, bavail * bsize - leftBytes)));
  return path;
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

test('that is full to the last block is named by a server that cannot be started on it', (context) => {
  if (!isMounted) return context.skip('only root may mount a file system');
  const filler = fill(0);

  expect(() => lockDataDir(dataDir)).toThrow(
    expect.objectContaining({ code: 'resource_exhausted', reason: 'store.full' }),
  );

  rmSync(filler);
  lockDataDir(dataDir).release();
});
