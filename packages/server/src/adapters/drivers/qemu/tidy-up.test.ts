import { randomUUIDv7 } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import { createPinoLog } from '../../system/pino-log.ts';
import { createQemuDriver } from './qemu-driver.ts';
import { factsPath, snapshotsPath } from './saved/saved-machine.ts';
import { vmDirectory } from './vm-directory.ts';

const options = { signal: new AbortController().signal };
const DIGEST = 'a'.repeat(64);
let directory: string;
let dataDir: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-tidy-'));
  dataDir = join(directory, 'data');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function makeDriver() {
  const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });
  const never = async (): Promise<never> => {
    throw new Error('no machine is started here');
  };
  const paths = { dataDir, cacheDir: join(directory, 'cache'), installationId: 'i', searchPath: '/nowhere' };
  return createQemuDriver({ ...paths, log, connectAgent: never, ownImage: never });
}

/** It leads to itself, so that not even root can read it. */
function makeUnreadable(path: string): void {
  symlinkSync('itself', join(path, '..', 'itself'));
  symlinkSync('itself', path);
}

function makeVm(origin: 'readable' | 'unreadable') {
  const vmId = idFromUuid('vm', randomUUIDv7());
  const { runPath, diskPath, diskOriginPath } = vmDirectory(dataDir, vmId);
  mkdirSync(runPath, { recursive: true });
  writeFileSync(diskPath, 'disk');
  if (origin === 'unreadable') makeUnreadable(diskOriginPath);
  else writeFileSync(diskOriginPath, JSON.stringify({ version: 1, imageDigest: DIGEST }));
  return vmId;
}

function makeKeptImage(): string {
  const path = join(dataDir, 'images', DIGEST);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'root.raw'), 'root');
  return path;
}

it('a VM goes when it is to, whatever else cannot be read, and what may be needed stays', async () => {
  await using driver = makeDriver();
  const image = makeKeptImage();
  const saved = join(snapshotsPath(dataDir), 'snap');
  mkdirSync(saved, { recursive: true });
  makeUnreadable(factsPath(saved));

  for (const origin of ['readable', 'unreadable'] as const) {
    const vmId = makeVm(origin);
    await driver.deleteDisk(vmId, options);

    expect(existsSync(vmDirectory(dataDir, vmId).path)).toBe(false);
    expect(existsSync(image)).toBe(true);
  }

  rmSync(saved, { recursive: true });
  await driver.deleteDisk(makeVm('readable'), options);
  expect(existsSync(image)).toBe(false);
});

it('a VM of which nobody can tell now keeps nobody from finding the others, and stays', async () => {
  await using driver = makeDriver();
  const [vmId, other] = [makeVm('readable'), makeVm('readable')];
  makeUnreadable(vmDirectory(dataDir, vmId).recordPath);

  expect((await driver.findAll(options)).map((found) => found.vmId)).toEqual([other]);
  await expect(driver.deleteDisk(vmId, options)).rejects.toMatchObject({ reason: 'host.file_unreadable' });
  expect(existsSync(vmDirectory(dataDir, vmId).diskPath)).toBe(true);
});

it('a warm template that cannot be read is missing in the list, and is not removed for that', async () => {
  await using driver = makeDriver();
  const path = join(directory, 'cache', 'warm', 'key');
  mkdirSync(path, { recursive: true });
  makeUnreadable(factsPath(path));

  expect(await driver.warm?.list()).toEqual([]);
  await expect(driver.warm?.remove('key')).rejects.toMatchObject({ reason: 'host.file_unreadable' });
  expect(existsSync(path)).toBe(true);
});
