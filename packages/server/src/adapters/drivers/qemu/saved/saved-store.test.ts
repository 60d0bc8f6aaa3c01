import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestSparse } from './memory/copy-memory.ts';
import { type SavedFacts, savedPaths, writeSavedFacts } from './saved-machine.ts';
import { createSavedStore, type SavedStore } from './saved-store.ts';

const ID = 'snap_1';
const EXTRA_DISK = 'disk-data.qcow2';
let path: string;
let store: SavedStore;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'volary-test-saved-'));
  store = createSavedStore(path);
});
afterEach(() => {
  rmSync(path, { recursive: true });
});

/** What saving a machine leaves, without a machine. */
async function fill(out: string): Promise<SavedFacts> {
  const { memoryPath, devicesPath, diskPath, linkKeyPath } = savedPaths(out);
  const extraDisk = join(out, EXTRA_DISK);
  writeFileSync(memoryPath, Buffer.alloc(1024 ** 2, 'memory'));
  writeFileSync(devicesPath, 'devices');
  writeFileSync(diskPath, 'disk');
  writeFileSync(extraDisk, 'data');
  writeFileSync(linkKeyPath, 'sixteen bytes ab');
  const facts: SavedFacts = {
    ...{ version: 1, deviceDigest: 'd', machineType: 'm', qemuVersion: '7', accelerator: 'tcg', vcpuCount: 1 },
    ...{ memoryMib: 1, diskBytes: 1, imageDigest: 'i', isPrepared: false, savedAt: 1, haltedMs: 1 },
    suspendedLife: undefined,
    attachments: undefined,
    canGrow: undefined,
    contents: undefined,
    digests: {
      memory: digestSparse(memoryPath),
      added: undefined,
      devices: digestSparse(devicesPath),
      disk: digestSparse(diskPath),
      extraDisks: { [EXTRA_DISK]: digestSparse(extraDisk) },
      linkKey: digestSparse(linkKeyPath),
    },
  };
  await writeSavedFacts(out, facts);
  return facts;
}

const FILES = ['memory', 'devices', 'disk.qcow2', EXTRA_DISK, 'link.key', 'machine.json'] as const;

/** Changes a byte, and keeps the size; of the facts, one that leaves them readable. */
function alter(file: string): void {
  const content = readFileSync(file);
  const isFacts = file.endsWith('.json');
  const altered = Buffer.from(content);
  altered[3] = (altered[3] ?? 0) ^ 0xff;
  writeFileSync(file, isFacts ? content.toString('utf8').replace('"tcg"', '"kvm"') : altered);
}

describe('a saved machine', () => {
  it('is opened as it was kept, by whoever comes', async () => {
    await store.keep(ID, fill);

    expect((await store.open(ID)).facts.imageDigest).toBe('i');
    expect((await createSavedStore(path).open(ID)).facts.imageDigest).toBe('i');
  });

  it.each(FILES)('is damaged when %s is altered, gone or cut short, also after it was opened', async (name) => {
    const damages = [
      alter,
      unlinkSync,
      (file: string) => truncateSync(file, 2),
      (file: string) => writeFileSync(file, ''),
    ];
    for (const damage of damages) {
      await store.keep(ID, fill);
      await store.open(ID);
      damage(join(path, ID, name));

      for (const one of [store, createSavedStore(path)])
        await expect(one.open(ID)).rejects.toMatchObject({ code: 'data_loss', reason: 'snapshot.damaged' });
      await store.remove(ID);
    }
  });

  it.each(FILES)('stays what it is when %s cannot be looked at, whoever wants to keep another there', async (name) => {
    await store.keep(ID, fill);
    const file = join(path, ID, name);
    unlinkSync(file);
    symlinkSync(name, file);

    await expect(store.keep(ID, fill)).rejects.toMatchObject({ reason: 'host.file_unreadable' });
    await expect(store.open(ID)).rejects.toMatchObject({ code: 'unavailable', reason: 'host.file_unreadable' });

    expect(readdirSync(join(path, ID)).toSorted()).toEqual([...FILES].toSorted());
  });

  it('is replaced where it is damaged only by a store of what can be made again', async () => {
    await store.keep(ID, fill);
    writeFileSync(join(path, ID, 'machine.json'), '{"version":3}');

    await expect(store.keep(ID, fill)).rejects.toMatchObject({ code: 'data_loss', reason: 'snapshot.damaged' });
    expect(readdirSync(join(path, ID)).toSorted()).toEqual([...FILES].toSorted());

    const templates = createSavedStore(path, { isRebuildable: true });
    await templates.keep(ID, fill);
    expect((await templates.open(ID)).facts.imageDigest).toBe('i');
  });

  it('is made again after a removal that was cut short', async () => {
    mkdirSync(join(path, ID));
    writeFileSync(join(path, ID, 'memory'), 'what was left');

    await store.keep(ID, fill);

    expect((await store.open(ID)).facts.imageDigest).toBe('i');
  });

  it('names no images when it is removed with damaged facts, and is gone', async () => {
    await store.keep(ID, fill);
    writeFileSync(join(path, ID, 'machine.json'), 'no JSON');

    expect(await store.remove(ID)).toEqual([]);
    expect(await store.remove(ID)).toBeNull();
  });

  it('is removed by whoever gives it up, also where nobody can read what it is', async () => {
    await store.keep(ID, fill);
    const facts = join(path, ID, 'machine.json');
    unlinkSync(facts);
    symlinkSync('machine.json', facts);

    expect(await store.remove(ID)).toEqual([]);
    expect(await store.remove(ID)).toBeNull();
  });

  it('is lost when nothing is there', async () => {
    await expect(store.open(ID)).rejects.toMatchObject({ code: 'data_loss', reason: 'snapshot.lost' });
  });

  it('is not there at all when there was no space for it', async () => {
    const failing = store.keep(ID, async (out) => {
      await fill(out);
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    });

    await expect(failing).rejects.toMatchObject({ code: 'resource_exhausted', reason: 'driver.disk_full' });
    expect(readdirSync(path)).toEqual([]);
  });
});
