import { afterEach, expect, test } from 'vitest';
import { idFromUuid, type VolumeId } from '../../domain/ids.ts';
import { emptyDisk } from '../../domain/vm/extra-disk.ts';
import type { DiskSpec, Driver } from '../driver.ts';
import type { DriverVolumes, VolumeContent } from '../driver-volumes.ts';
import type { DriverContext } from './subject.contract.ts';

/** `volumes`: of drivers that have them. */
export function volumeLaws({ driver, machine, options }: DriverContext): void {
  let made: (() => Promise<void>)[] = [];
  let number = 0;

  afterEach(async () => {
    for (const remove of made.reverse()) await remove();
    made = [];
  });

  const volumesOf = ({ volumes }: Driver): DriverVolumes => {
    if (volumes === null) throw new Error('the driver has no volumes');
    return volumes;
  };
  const newId = (subject: Driver): VolumeId => {
    number += 1;
    const id = idFromUuid('vol', `01900000-0000-7000-8000-${String(number).padStart(12, '0')}`);
    made.push(() => volumesOf(subject).remove(id, options));
    return id;
  };
  const make = async (subject: Driver, content: VolumeContent = { kind: 'empty' }): Promise<VolumeId> => {
    const id = newId(subject);
    await volumesOf(subject).create({ id, sizeGib: 1, content }, options);
    return id;
  };
  const having = (spec: DiskSpec, volume: VolumeId, isReadonly = false): DiskSpec => ({
    ...spec,
    spec: { ...spec.spec, disks: [{ ...emptyDisk('data', 1), volume, isReadonly }] },
  });

  test('a volume is made once, found by a later server, and removed once', async () => {
    const before = driver();
    const id = await make(before);
    await volumesOf(before).create({ id, sizeGib: 1, content: { kind: 'empty' } }, options);
    await before[Symbol.asyncDispose]();
    const after = driver();

    expect(await volumesOf(after).list()).toContain(id);
    expect((await after.storage.list(options)).filter((thing) => thing.id === id)).toMatchObject([{ kind: 'volume' }]);

    await volumesOf(after).remove(id, options);
    await volumesOf(after).remove(id, options);
    expect(await volumesOf(after).list()).not.toContain(id);
  });

  test('what is aborted, does not fit, or has nothing to begin with leaves no volume', async () => {
    const subject = driver();
    const { image } = machine();
    const large = { ...image, rootBytes: 2 * 1024 ** 3 };
    const enough = { signal: AbortSignal.abort(new Error('enough')) };
    const create = (content: VolumeContent, with_ = options) =>
      volumesOf(subject).create({ id: newId(subject), sizeGib: 1, content }, with_);

    await expect(create({ kind: 'empty' }, enough)).rejects.toThrow('enough');
    await expect(create({ kind: 'image', image: large })).rejects.toMatchObject({ reason: 'volume.too_small' });
    await expect(create({ kind: 'volume', id: newId(subject) })).rejects.toMatchObject({ code: 'data_loss' });
    await expect(create({ kind: 'vm', vmId: machine().vmId, disk: null })).rejects.toMatchObject({ code: 'data_loss' });

    expect(await volumesOf(subject).list()).toEqual([]);
  });

  test('is there after the VMs that had it, and one that is gone is not made up', async () => {
    const subject = driver();
    const id = await make(subject);
    const first = having(machine(), id);
    await subject.createDisk(first, options);
    await subject.startMachine(first, options);
    await subject.endMachine(first.vmId, options);
    await subject.deleteDisk(first.vmId, options);
    const readers = [having(machine(), id, true), having(machine(), id, true)];
    for (const reader of readers) {
      await subject.createDisk(reader, options);
      await subject.startMachine(reader, options);
    }
    for (const { vmId } of readers) {
      await subject.endMachine(vmId, options);
      await subject.deleteDisk(vmId, options);
    }
    expect(await volumesOf(subject).list()).toEqual([id]);

    await volumesOf(subject).remove(id, options);
    await expect(subject.createDisk(having(machine(), id), options)).rejects.toMatchObject({ code: 'data_loss' });
  });

  test('is made of the disk of a VM, of an image, and of another volume, and outlives these', async () => {
    const subject = driver();
    const spec = machine();
    await subject.createDisk(spec, options);
    const kept = await make(subject, { kind: 'vm', vmId: spec.vmId, disk: null });
    await subject.deleteDisk(spec.vmId, options);
    const ofImage = await make(subject, { kind: 'image', image: spec.image });
    const copy = await make(subject, { kind: 'volume', id: kept });
    await volumesOf(subject).remove(kept, options);

    for (const id of [ofImage, copy]) {
      const reader = having(machine(), id, true);
      await subject.createDisk(reader, options);
      await subject.startMachine(reader, options);
      await subject.endMachine(reader.vmId, options);
    }
    expect(new Set(await volumesOf(subject).list())).toEqual(new Set([ofImage, copy]));
  });

  test('come to a VM that has been made, and leave it, as its next start does anyway', async () => {
    const subject = driver();
    const [first, second] = [await make(subject), await make(subject)];
    const spec = machine();
    await subject.createDisk(spec, options);
    await volumesOf(subject).place(spec.vmId, having(spec, first).spec.disks, options);
    await volumesOf(subject).place(spec.vmId, [], options);
    await volumesOf(subject).place(spec.vmId, [], options);

    // Not told of it: a server was killed between the two.
    await subject.startMachine(having(spec, second), options);
    await subject.endMachine(spec.vmId, options);
    await subject.startMachine({ ...having(spec, first, true), incarnation: 2 }, options);
    await subject.endMachine(spec.vmId, options);
    await subject.startMachine({ ...spec, incarnation: 3 }, options);
    await subject.endMachine(spec.vmId, options);
    await subject.deleteDisk(spec.vmId, options);

    expect(new Set(await volumesOf(subject).list())).toEqual(new Set([first, second]));
    const gone = having(spec, newId(subject)).spec.disks;
    await subject.createDisk(spec, options);
    await expect(volumesOf(subject).place(spec.vmId, gone, options)).rejects.toMatchObject({ code: 'data_loss' });
  });

  test('become larger, whoever has them, twice as well as once', async () => {
    const subject = driver();
    const id = await make(subject);
    const grow = (sizeGib: number, writer: Parameters<DriverVolumes['grow']>[0]['writer'] = null) =>
      volumesOf(subject).grow({ id, sizeGib, writer }, options);
    await grow(2);
    await grow(2);
    await grow(1);
    const spec = having(machine(), id);
    await subject.createDisk(spec, options);
    await grow(3, { vmId: spec.vmId, disk: 'data' });
    await subject.startMachine(spec, options);
    await grow(4, { vmId: spec.vmId, disk: 'data' });
    await grow(4, { vmId: spec.vmId, disk: 'data' });
    await subject.endMachine(spec.vmId, options);

    await expect(
      volumesOf(subject).grow({ id: newId(subject), sizeGib: 2, writer: null }, options),
    ).rejects.toMatchObject({ code: 'data_loss' });
  });
}
