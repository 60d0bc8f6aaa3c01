import { randomUUIDv7 } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { idFromUuid, type SnapshotId, uuidOf, type VmId } from '../../domain/ids.ts';
import type { DiskSpec, Driver, RestoredSpec } from '../driver.ts';
import type { GuestLink } from '../guest-link.ts';
import type { DriverContext } from './subject.contract.ts';

const FILE = '/dev/shm/volary-test';
const LOST = { code: 'data_loss', reason: 'snapshot.lost' };

/** `saveMachine`, `deleteSaved`, `prepareRestore`, and machines that are restored. */
export function savedLaws({ driver, machine, options, subject }: DriverContext): void {
  let snapshots: SnapshotId[] = [];

  afterEach(async () => {
    await using one = subject().makeDriver();
    for (const id of snapshots) await one.deleteSaved(id, options);
    snapshots = [];
  });

  const newSnapshot = (): SnapshotId => {
    const id = idFromUuid('snap', randomUUIDv7());
    snapshots.push(id);
    return id;
  };
  const restored = (id: SnapshotId, changes: Partial<RestoredSpec> = {}): RestoredSpec => {
    const { image: _image, ...spec } = machine();
    return { ...spec, name: 'fork', from: { kind: 'snapshot', id }, ...changes };
  };

  async function start(one: Driver, spec: DiskSpec | RestoredSpec): Promise<GuestLink> {
    await one.createDisk(spec, options);
    await one.startMachine(spec, options);
    return await one.openLink(spec.vmId, options);
  }

  test('a machine goes on after it was saved, and what is saved of it does not change any more', async () => {
    const one = driver();
    const spec = machine();
    const link = await start(one, spec);
    await write(link, 'before');
    const id = newSnapshot();

    const summary = await one.saveMachine(spec.vmId, id, options);
    await write(link, 'after');

    const { vcpuCount, memoryMib, diskGib } = spec.spec;
    expect(summary).toMatchObject({ vcpuCount, memoryMib, diskBytes: diskGib * 1024 ** 3 });
    expect(summary.imageDigest).toBe(spec.image.digest);
    expect(await one.saveMachine(spec.vmId, id, options)).toEqual(summary);
    expect((await one.inspect(spec.vmId, options)).machine.kind).toBe('running');
    expect(await read(link)).toBe('after');
    expect(await read(await start(one, restored(id)))).toBe('before');
  });

  test('each machine that is restored is itself, and keeps to itself what it changes', async () => {
    const one = driver();
    const spec = machine();
    await write(await start(one, spec), 'common');
    const id = newSnapshot();
    await one.saveMachine(spec.vmId, id, options);
    const forks = [restored(id, { name: 'fork-1' }), restored(id, { name: 'fork-2' })];

    for (const fork of forks) {
      const link = await start(one, fork);
      expect(await read(link)).toBe('common');
      expect(await read(link, '/etc/hostname')).toBe(fork.name);
      expect(await read(link, '/etc/machine-id')).toBe(uuidOf(fork.vmId).replaceAll('-', ''));
      await write(link, fork.name);
    }

    expect(await read(await one.openLink(forkId(forks), options))).toBe('fork-1');
  });

  test('is saved as it is halted, and stays so', async ({ skip }) => {
    const one = driver();
    skip(!one.capabilities.supportsPause, 'this driver cannot pause');
    const spec = machine();
    await start(one, spec);
    await one.pauseMachine(spec.vmId, options);

    await one.saveMachine(spec.vmId, newSnapshot(), options);

    expect((await one.inspect(spec.vmId, options)).machine.kind).toBe('paused');
  });

  test('what was saved outlives the server, its source, and what is restored from it outlives what was saved', async () => {
    const before = driver();
    const spec = machine();
    await write(await start(before, spec), 'kept');
    const id = newSnapshot();
    await before.saveMachine(spec.vmId, id, options);
    await before.endMachine(spec.vmId, options);
    await before.deleteDisk(spec.vmId, options);
    await before[Symbol.asyncDispose]();
    const after = driver();
    const fork = restored(id);

    const link = await start(after, fork);
    await after.deleteSaved(id, options);
    await after.deleteSaved(id, options);

    expect(await read(link)).toBe('kept');
    await expect(after.createDisk(restored(id), options)).rejects.toMatchObject(LOST);
  });

  test('a machine that is not there cannot be saved', async () => {
    const one = driver();
    const spec = machine();
    await one.createDisk(spec, options);
    const id = newSnapshot();

    await expect(one.saveMachine(spec.vmId, id, options)).rejects.toMatchObject({ reason: 'driver.no_machine' });
    await expect(one.createDisk(restored(id), options)).rejects.toMatchObject(LOST);
  });

  test('an aborted save leaves nothing, and its machine as it was', async () => {
    const one = driver();
    const spec = machine();
    await start(one, spec);
    const id = newSnapshot();

    const aborted = { signal: AbortSignal.abort(new Error('enough')) };
    await expect(one.saveMachine(spec.vmId, id, aborted)).rejects.toThrow();

    expect((await one.inspect(spec.vmId, options)).machine.kind).toBe('running');
    await expect(one.createDisk(restored(id), options)).rejects.toMatchObject(LOST);
  });

  test('a VM that is there goes back to what was saved, with its disk, when its machine is started from it', async () => {
    const one = driver();
    const spec = machine();
    const link = await start(one, spec);
    await write(link, 'saved', '/root/file');
    const id = newSnapshot();
    await one.saveMachine(spec.vmId, id, options);
    await write(link, 'later', '/root/file');
    const { image: _image, ...rest } = spec;
    const next: RestoredSpec = { ...rest, incarnation: 2, from: { kind: 'snapshot', id } };

    await one.prepareRestore(next, options);
    await one.prepareRestore(next, options);
    expect(await read(link, '/root/file')).toBe('later');
    await one.endMachine(spec.vmId, options);
    await one.startMachine(next, options);

    const again = await one.openLink(spec.vmId, options);
    expect(await read(again, '/root/file')).toBe('saved');
    // A second start of the same life finds it there; after that, what it has written is given up with it.
    await write(again, 'lost', '/root/file');
    await one.startMachine(next, options);
    await one.endMachine(spec.vmId, options);
    await one.startMachine(next, options);
    expect(await read(await one.openLink(spec.vmId, options), '/root/file')).toBe('saved');
  });

  test('what does not fit is refused before anything is touched', async () => {
    const one = driver();
    const spec = machine();
    const link = await start(one, spec);
    const id = newSnapshot();
    await one.saveMachine(spec.vmId, id, options);
    const { image: _image, ...rest } = spec;
    const larger = { ...spec.spec, memoryMib: spec.spec.memoryMib * 2 };
    const other: RestoredSpec = { ...rest, spec: larger, incarnation: 2, from: { kind: 'snapshot', id } };

    await expect(one.prepareRestore(other, options)).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'snapshot.does_not_fit',
    });

    await write(link, 'untouched');
    expect(await read(link)).toBe('untouched');
  });
}

function forkId(forks: readonly RestoredSpec[]): VmId {
  const first = forks[0]?.vmId;
  if (first === undefined) throw new Error('there is no fork');
  return first;
}

async function write(link: GuestLink, text: string, path = FILE): Promise<void> {
  const { signal } = new AbortController();
  async function* content(): AsyncIterable<Uint8Array> {
    yield new TextEncoder().encode(text);
  }
  await link.writeFile(path, content(), { signal, makeParents: true });
}

async function read(link: GuestLink, path = FILE): Promise<string> {
  const { signal } = new AbortController();
  const { content } = await link.readFile(path, { signal });
  let text = '';
  for await (const chunk of content) text += new TextDecoder().decode(chunk);
  return text.trim();
}
