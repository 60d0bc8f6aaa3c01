import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { idFromUuid, type VmId } from '../../../domain/ids.ts';
import type { DirectImage, Image } from '../../../domain/image/image.ts';
import { requireDirect } from './direct-image.ts';
import { writeDiskOrigin } from './disk-origin.ts';
import { createKeptImages } from './kept-images.ts';
import { factsPath, snapshotsPath } from './saved/saved-machine.ts';
import { vmDirectory } from './vm-directory.ts';
import { VOLUME_FILES, volumesPath } from './volumes/volume-files.ts';

const ROOT_BYTES = 8 * 1024 * 1024;
const ONE = vmId(1);
const TWO = vmId(2);
const options = { signal: new AbortController().signal };
let directory: string;
let dataDir: string;
let image: Image;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kept-'));
  dataDir = join(directory, 'data');
  image = makeImage(join(directory, 'cache'), 'a');
});
afterEach(() => rm(directory, { recursive: true }));

function vmId(number: number): VmId {
  return idFromUuid('vm', `01890a5d-ac96-774b-bcce-b302099a805${number}`);
}

/** Files of an image; the root disk is a hole, but for its first bytes. */
function makeImage(path: string, digit: string): DirectImage {
  mkdirSync(path, { recursive: true });
  const [kernelPath, initramfsPath, rootPath] = [join(path, 'kernel'), join(path, 'initramfs'), join(path, 'root.raw')];
  for (const file of [kernelPath, initramfsPath, rootPath]) writeFileSync(file, `${digit} ${file}`);
  truncateSync(rootPath, ROOT_BYTES);
  const facts = { name: 'base', digest: digit.repeat(64), kernelVersion: '6.1', builtAt: 5 };
  return { ...facts, boot: 'direct', kernelPath, initramfsPath, rootPath, rootBytes: ROOT_BYTES, sizeBytes: 0 };
}

/** Keeps the image for the disk of this VM. */
async function keepFor(id: VmId, kept: Image): Promise<Image> {
  const vm = vmDirectory(dataDir, id);
  mkdirSync(vm.runPath, { recursive: true });
  return createKeptImages(dataDir).keep(kept, options, async () => {
    await writeDiskOrigin(vm, { imageDigest: kept.digest, contents: undefined });
    writeFileSync(vm.diskPath, '');
  });
}

function namesKept(): readonly string[] {
  return readdirSync(join(dataDir, 'images'));
}

test('an image is kept by links, once, and is there when its source is gone', async () => {
  const kept = await keepFor(ONE, image);

  expect(statSync(kept.rootPath).ino).toBe(statSync(image.rootPath).ino);
  expect(await keepFor(TWO, image)).toEqual(kept);
  rmSync(join(directory, 'cache'), { recursive: true });
  expect(await createKeptImages(dataDir).find(image.digest)).toEqual(kept);
  expect(kept).toMatchObject({ name: 'base', digest: image.digest, rootBytes: ROOT_BYTES, builtAt: 5 });
  expect(statSync(join(dataDir, 'images')).mode & 0o777).toBe(0o700);
  expect(await keepFor(TWO, image)).toEqual(kept);
});

test('what lies on another file system is copied, holes and all', async ({ skip }) => {
  const isOther = existsSync('/dev/shm') && statSync('/dev/shm').dev !== statSync(directory).dev;
  skip(!isOther, '/dev/shm is no other file system than the temporary directory');
  const elsewhere = await mkdtemp('/dev/shm/kept-');
  try {
    const kept = await keepFor(ONE, makeImage(elsewhere, 'b'));

    expect(readFileSync(requireDirect(kept).kernelPath, 'utf8')).toBe(`b ${join(elsewhere, 'kernel')}`);
    expect(statSync(kept.rootPath).size).toBe(ROOT_BYTES);
    expect(kept.sizeBytes).toBeLessThan(ROOT_BYTES / 8);
  } finally {
    await rm(elsewhere, { recursive: true });
  }
});

test('an image goes with the last disk that names it', async () => {
  await keepFor(ONE, image);
  await keepFor(TWO, image);
  const images = createKeptImages(dataDir);

  await rm(vmDirectory(dataDir, ONE).path, { recursive: true });
  await images.removeUnused(image.digest);
  expect(namesKept()).toEqual([image.digest]);

  await rm(vmDirectory(dataDir, TWO).path, { recursive: true });
  await images.removeUnused(image.digest);
  await images.removeUnused(image.digest);
  expect(namesKept()).toEqual([]);
  expect(existsSync(image.rootPath)).toBe(true);
});

test('what a server that was killed has left is swept: images that no disk names, and half-made ones', async () => {
  const other = makeImage(join(directory, 'other'), 'c');
  await keepFor(ONE, image);
  await keepFor(TWO, other);
  await rm(vmDirectory(dataDir, TWO).path, { recursive: true });
  mkdirSync(join(dataDir, 'images', '.part-killed'));

  await createKeptImages(dataDir).sweep();

  expect(namesKept()).toEqual([image.digest]);
});

test('nothing is removed while there is a disk of which nobody can tell what it names', async () => {
  await keepFor(ONE, image);
  writeFileSync(vmDirectory(dataDir, ONE).diskOriginPath, 'no JSON');

  await createKeptImages(dataDir).sweep();

  expect(namesKept()).toEqual([image.digest]);
});

test.each(['no JSON', '', '{"version":3,"imageDigest":"of a later version"}'])(
  'nor while there is a snapshot of which nobody can tell what it stands on: %j',
  async (facts) => {
    await keepFor(ONE, image);
    await rm(vmDirectory(dataDir, ONE).path, { recursive: true });
    const snapshot = join(snapshotsPath(dataDir), 'snap_1');
    mkdirSync(snapshot, { recursive: true });
    writeFileSync(factsPath(snapshot), facts);

    await createKeptImages(dataDir).sweep();

    expect(namesKept()).toEqual([image.digest]);
  },
);

test.each(['snapshot', 'volume', 'disk'])('nor while the facts of a %s cannot be read', async (kind) => {
  await keepFor(ONE, image);
  await rm(vmDirectory(dataDir, ONE).path, { recursive: true });
  const paths: Readonly<Record<string, string>> = {
    snapshot: factsPath(join(snapshotsPath(dataDir), 'snap_1')),
    volume: join(volumesPath(dataDir), 'vol_1', VOLUME_FILES.facts),
    disk: vmDirectory(dataDir, TWO).diskOriginPath,
  };
  mkdirSync(`${paths[kind]}`, { recursive: true });

  await expect(createKeptImages(dataDir).sweep()).rejects.toMatchObject({ reason: 'host.file_unreadable' });

  expect(namesKept()).toEqual([image.digest]);
});

test.each(['kernel', 'root.raw', 'image.json'])(
  'an image whose %s cannot be looked at stays as it is',
  async (name) => {
    const { rootPath } = await keepFor(ONE, image);
    const file = join(dirname(rootPath), name);
    await rm(file);
    symlinkSync(name, file);
    const images = createKeptImages(dataDir);

    await expect(keepFor(TWO, image)).rejects.toMatchObject({ code: 'unavailable', reason: 'host.file_unreadable' });
    await expect(images.find(image.digest)).rejects.toMatchObject({ reason: 'host.file_unreadable' });

    expect(readdirSync(dirname(rootPath)).toSorted()).toEqual(['image.json', 'initramfs', 'kernel', 'root.raw']);
  },
);

test('one with damaged facts is put in no other place while a disk may stand on it, and is made whole then', async () => {
  const { rootPath } = await keepFor(ONE, image);
  writeFileSync(join(dirname(rootPath), 'image.json'), '{"version":9}');
  const other = makeImage(join(directory, 'built again'), 'a');

  await expect(keepFor(TWO, other)).rejects.toMatchObject({ code: 'data_loss', reason: 'image.kept_damaged' });
  expect(statSync(rootPath).ino).toBe(statSync(image.rootPath).ino);

  for (const id of [ONE, TWO]) await rm(vmDirectory(dataDir, id).path, { recursive: true });
  expect(statSync((await keepFor(TWO, other)).rootPath).ino).toBe(statSync(other.rootPath).ino);
});

test('of an image that starts by firmware there is a root alone', async () => {
  const { boot: _, kernelPath: __, initramfsPath: ___, kernelVersion: ____, ...facts } = requireDirect(image);

  const kept = await keepFor(ONE, { ...facts, boot: 'firmware', firmware: 'uefi' });

  expect(kept).toMatchObject({ boot: 'firmware', firmware: 'uefi', rootBytes: ROOT_BYTES });
  expect(readdirSync(dirname(kept.rootPath)).toSorted()).toEqual(['image.json', 'root.raw']);
  expect(await createKeptImages(dataDir).find(image.digest)).toEqual(kept);
  expect(() => requireDirect(kept)).toThrow(expect.objectContaining({ reason: 'driver.no_firmware_boot' }));
});

test('what has lost a file is no image, and is made whole from one that is', async () => {
  const kept = await keepFor(ONE, image);
  await rm(requireDirect(kept).kernelPath);

  expect(await createKeptImages(dataDir).find(image.digest)).toBeNull();
  expect(await keepFor(ONE, image)).toEqual(kept);
});

test('an image that goes while it is kept is said, and leaves nothing', async () => {
  await rm(image.rootPath);

  await expect(keepFor(ONE, image)).rejects.toMatchObject({ code: 'unavailable', reason: 'driver.image_gone' });

  expect(namesKept()).toEqual([]);
});
