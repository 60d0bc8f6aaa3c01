import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LaunchRecord, readRecord, removeRecord, writeRecord } from './launch-record.ts';

const RECORD: LaunchRecord = {
  version: 1,
  vmId: 'vm_one',
  installationId: 'here',
  incarnation: 3,
  uuid: '01a1fc92-6367-7400-9ef1-4542943aae56',
  argv: ['/usr/bin/qemu', '-x'],
  machineType: 'pc-q35-7.2',
  qemuVersion: '7.2.22',
  accelerator: 'tcg',
  imageDigest: 'd',
  launchedAt: 1,
  consoleOffset: 0,
  process: null,
  restore: null,
  isSpare: false,
  attachments: undefined,
  diskGib: undefined,
  end: null,
};
let path = '';

beforeAll(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'record-')), 'launch.json');
});

afterAll(async () => {
  await rm(join(path, '..'), { recursive: true });
});

test('a record comes back as it was written, at every stage of its life', async () => {
  const stages: readonly LaunchRecord[] = [
    RECORD,
    { ...RECORD, process: { pid: 7, startTimeTicks: 1, bootId: 'b' } },
    { ...RECORD, end: { cause: 'rebooted' } },
    { ...RECORD, end: { cause: 'vmm-died', detail: 'why' } },
  ];

  for (const record of stages) {
    await writeRecord(path, record);
    expect(await readRecord(path)).toEqual({ kind: 'valid', record });
  }
});

test('no record is none, and removing it twice is fine', async () => {
  await removeRecord(path);
  await removeRecord(path);

  expect(await readRecord(path)).toEqual({ kind: 'none' });
});

test('a record of a newer version is no damage', async () => {
  await writeFile(path, JSON.stringify({ ...RECORD, version: 2 }));
  expect(await readRecord(path)).toEqual({ kind: 'newer', incarnation: 3 });

  await writeFile(path, '{"version": 3}');
  expect(await readRecord(path)).toEqual({ kind: 'newer', incarnation: 0 });
});

test('a record that was written before machines could be restored is as valid as it was', async () => {
  const { restore: _, ...older } = RECORD;
  await writeFile(path, JSON.stringify(older));

  expect(await readRecord(path)).toEqual({ kind: 'valid', record: older });
});

test('whatever a file holds that is no record is damage, never a fault or a process to be killed', async () => {
  const almost = fc
    .record({ key: fc.constantFrom(...Object.keys(RECORD)), value: fc.constantFrom(undefined, {}, -1, [], { pid: 1 }) })
    // What an older version did not write may be missing.
    .filter(({ key, value }) => !['restore', 'isSpare', 'attachments', 'diskGib'].includes(key) || value !== undefined)
    .map(({ key, value }) => JSON.stringify({ ...RECORD, [key]: value }));
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json(), almost), async (content) => {
      await writeFile(path, content);

      expect(await readRecord(path)).toEqual({ kind: 'damaged' });
    }),
    { numRuns: 1_000 },
  );
});
