import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import { createMachineRecords, type MachineRecords } from './machine-record.ts';

const VM = idFromUuid('vm', '0198a5c0-0000-7000-8000-000000000001');
const RECORD = { version: 1, incarnation: 2, startedBefore: 'once', linkKey: 'ab', diskGib: 4 } as const;

let dataDir: string;
let path: string;
let records: MachineRecords;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'volary-test-records-'));
  path = join(dataDir, 'docker', `${VM}.json`);
  records = createMachineRecords(dataDir);
});
afterEach(async () => {
  await rm(dataDir, { recursive: true });
});

it('is read as it was written, and is none when it was removed', async () => {
  expect(await records.read(VM)).toBeNull();
  await records.write(VM, RECORD);
  expect(await records.read(VM)).toEqual(RECORD);

  await records.remove(VM);

  expect(await records.read(VM)).toBeNull();
});

it.each(['', '{"version":1,', '{"version":2}'])('is none where "%s" is left of it', async (left) => {
  await records.write(VM, RECORD);
  await writeFile(path, left);

  expect(await records.read(VM)).toBeNull();
});

it('is not taken for none while it cannot be read', async () => {
  await mkdir(path, { recursive: true });

  await expect(records.read(VM)).rejects.toMatchObject({ code: 'unavailable', reason: 'host.file_unreadable' });
});
