import { randomUUIDv7 } from 'node:crypto';
import {
  existsSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import type { DriverStorage } from '../../../ports/driver.ts';
import { createPinoLog } from '../../system/pino-log.ts';
import { createHostStorage } from './host-storage.ts';

const options = { signal: new AbortController().signal };
const HOURS_MS = 3_600_000;
let directory: string;
let storage: DriverStorage;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-storage-'));
  const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });
  storage = createHostStorage({ dataDir: join(directory, 'data'), cacheDir: join(directory, 'cache'), log });
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** A directory with a file in it, both of which were last written to so long ago. */
function put(path: string, { ageMs = 2 * HOURS_MS, file = 'file', bytes = 8192 } = {}): void {
  const whole = join(directory, path);
  mkdirSync(whole, { recursive: true });
  writeFileSync(join(whole, file), Buffer.alloc(bytes, 1));
  const at = new Date(Date.now() - ageMs);
  for (const each of [join(whole, file), whole]) utimesSync(each, at, at);
}

async function idsOf(kind: string): Promise<readonly string[]> {
  return (await storage.list(options)).flatMap((each) => (each.kind === kind ? [each.id] : []));
}

it('finds nothing where there is nothing', async () => {
  expect(await storage.list(options)).toEqual([]);
});

it('tells what disks, snapshots and kept images take on the disk, without holes and without what is shared', async () => {
  const [vm, snap] = [idFromUuid('vm', randomUUIDv7()), idFromUuid('snap', randomUUIDv7())];
  put(`data/vms/${vm}/run`, { file: 'disk.qcow2' });
  put(`data/snapshots/${snap}`, { bytes: 65_536 });
  put('data/snapshots/.part-x');
  put('data/images/abc', { file: 'root.raw', bytes: 65_536 });
  mkdirSync(join(directory, 'cache/images'), { recursive: true });
  linkSync(join(directory, 'data/images/abc/root.raw'), join(directory, 'cache/images/root.raw'));

  const things = await storage.list(options);

  expect(things.map(({ kind, id }) => [kind, id])).toEqual([
    ['disk', vm],
    ['snapshot', snap],
    ['image', 'abc'],
  ]);
  const [disk, snapshot, image] = things.map(({ bytes }) => bytes);
  expect(disk).toBeGreaterThanOrEqual(8192);
  expect(snapshot).toBeGreaterThanOrEqual(65_536);
  expect(image).toBeLessThan(16_384);
});

it('takes a disk for busy that has a machine, or was written to within the hour', async () => {
  const ids = [1, 2, 3].map(() => idFromUuid('vm', randomUUIDv7()));
  const [resting, running, young] = ids;
  put(`data/vms/${resting}`);
  put(`data/vms/${running}`, { file: 'launch.json', bytes: 1 });
  put(`data/vms/${young}`, { ageMs: 60_000 });

  const busy = new Map((await storage.list(options)).map(({ id, isBusy }) => [id, isBusy]));

  expect(ids.map((id) => busy.get(id))).toEqual([false, true, true]);
});

it('takes for left what nobody has written to for an hour, and only that', async () => {
  put('cache/qemu/template-old');
  put('cache/qemu/probe-old');
  put('cache/warm/.part-old');
  put('cache/warm/damaged');
  put('cache/qemu/template-new', { ageMs: 60_000 });
  put('cache/warm/.part-new', { ageMs: 60_000 });
  // A file in an old directory that is being written to.
  put('cache/qemu/template-busy/run', { ageMs: 0 });
  put('cache/qemu/accelerator-of-old');

  const left = ['qemu/probe-old', 'qemu/template-old', 'warm/.part-old', 'warm/damaged'];
  expect((await idsOf('leftover')).toSorted()).toEqual(left);
  for (const id of left) expect(await storage.removeLeftover(id, options)).toBe(true);
  expect(await idsOf('leftover')).toEqual([]);
  for (const name of ['qemu/template-new', 'warm/.part-new', 'qemu/template-busy', 'qemu/accelerator-of-old'])
    expect(existsSync(join(directory, 'cache', name))).toBe(true);
});

it('lists what it cannot look at as busy, and all the rest', async () => {
  const [vm, other, snap] = [0, 0, 0].map(() => randomUUIDv7());
  for (const id of [vm, other]) put(`data/vms/${idFromUuid('vm', `${id}`)}`);
  put(`data/snapshots/${idFromUuid('snap', `${snap}`)}`);
  put('cache/qemu/probe-old');
  put('cache/warm/unreadable');
  put('cache/qemu/template-unreadable');
  const unreadable = [
    `data/vms/${idFromUuid('vm', `${vm}`)}/launch.json`,
    'cache/warm/unreadable/machine.json',
    'cache/qemu/template-unreadable/launch.json',
  ];
  for (const path of unreadable.map((each) => join(directory, each))) {
    // It leads to itself, so that not even root can read it.
    symlinkSync(basename(path), path);
    lutimesSync(path, 0, 0);
    utimesSync(dirname(path), 0, 0);
  }

  const things = await storage.list(options);

  expect(things.map(({ id, isBusy }) => [id, isBusy]).toSorted()).toEqual(
    [
      [idFromUuid('vm', `${vm}`), true],
      [idFromUuid('vm', `${other}`), false],
      [idFromUuid('snap', `${snap}`), false],
      ['qemu/probe-old', false],
    ].toSorted(),
  );
  for (const id of ['qemu/template-unreadable', 'warm/unreadable'])
    expect(await storage.removeLeftover(id, options)).toBe(false);
});

it('removes nothing but leftovers, whatever it is told', async () => {
  put('cache/qemu/template-new', { ageMs: 0 });
  put('cache/images/base');

  for (const id of ['qemu/template-new', 'images/base', '../data', '.', ''])
    expect(await storage.removeLeftover(id, options)).toBe(false);
  expect(existsSync(join(directory, 'cache/images/base'))).toBe(true);
});
