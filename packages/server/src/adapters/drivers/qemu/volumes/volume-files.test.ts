import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { idFromUuid } from '../../../../domain/ids.ts';
import { createKeyedLock } from '../../../shared/keyed-lock.ts';
import { createPinoLog } from '../../../system/pino-log.ts';
import { createKeptImages } from '../kept-images.ts';
import { Machines } from '../machines.ts';
import { createQemuFinder } from '../qemu-program.ts';
import { createTidyUp } from '../tidy-up.ts';
import { createQemuVolumes } from './qemu-volumes.ts';
import { baseDigestOf, listVolumeIds, VOLUME_FILES, volumePath, volumesPath } from './volume-files.ts';

const id = idFromUuid('vol', '01890a5d-ac96-774b-bcce-b302099a8057');
const options = { signal: new AbortController().signal };
let dataDir: string;
let path: string;
let factsFile: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'volary-test-volumes-'));
  path = volumesPath(dataDir);
  mkdirSync(join(path, id), { recursive: true });
  writeFileSync(volumePath(path, id), 'all that is in it');
  factsFile = join(path, id, VOLUME_FILES.facts);
});
afterEach(() => {
  rmSync(dataDir, { recursive: true });
});

test('a volume that is damaged is listed, and told of as damaged', async () => {
  writeFileSync(factsFile, 'no JSON');

  expect(await listVolumeIds(path)).toEqual([id]);
  await expect(baseDigestOf(path, id)).rejects.toMatchObject({
    reason: 'driver.disk_damaged',
    message: expect.stringContaining('damaged'),
  });
});

test('one that cannot be read just now is neither lost nor left out', async () => {
  mkdirSync(factsFile);

  await expect(listVolumeIds(path)).rejects.toMatchObject({ reason: 'host.file_unreadable' });
  await expect(baseDigestOf(path, id)).rejects.toMatchObject({ code: 'unavailable', reason: 'host.file_unreadable' });
});

test('one without facts is not there', async () => {
  expect(await listVolumeIds(path)).toEqual([]);
  await expect(baseDigestOf(path, id)).rejects.toMatchObject({ code: 'data_loss', reason: 'driver.disk_damaged' });
});

test.each([
  ['damaged', 'driver.disk_damaged', () => writeFileSync(factsFile, '{"version":2}')],
  ['unreadable', 'host.file_unreadable', () => mkdirSync(factsFile)],
] as const)('no volume is made in place of one that is %s', async (_, reason, damage) => {
  damage();
  const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });
  await using machines = new Machines({ dataDir, log });
  const images = createKeptImages(dataDir);
  const tidyUp = createTidyUp({ images, packFiles: { dataDir, lock: createKeyedLock() }, log });
  const volumes = createQemuVolumes({ dataDir, machines, images, tidyUp, findQemu: createQemuFinder('/nowhere') });

  await expect(volumes.create({ id, sizeGib: 1, content: { kind: 'empty' } }, options)).rejects.toMatchObject({
    reason,
  });

  expect(existsSync(volumePath(path, id))).toBe(true);
});
