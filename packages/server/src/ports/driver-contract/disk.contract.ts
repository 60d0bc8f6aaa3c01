import { expect, test } from 'vitest';
import type { DriverContext } from './subject.contract.ts';

/** `createDisk`, `deleteDisk`. */
export function diskLaws({ driver, machine, options }: DriverContext): void {
  test('makes a disk, and making it again changes nothing', async () => {
    const subject = driver();
    const spec = machine();

    const imageDigest = spec.image.digest;

    expect(await subject.createDisk(spec, options)).toEqual({ imageDigest });
    expect(await subject.createDisk(spec, options)).toEqual({ imageDigest });

    expect(await subject.inspect(spec.vmId, options)).toEqual({
      disk: { kind: 'present', imageDigest },
      machine: { kind: 'absent' },
    });
  });

  test('a disk remembers the image it was made from, whatever is asked of it afterwards', async () => {
    const before = driver();
    const spec = machine();
    await before.createDisk(spec, options);
    await before[Symbol.asyncDispose]();
    const after = driver();
    const other = { ...spec, image: { ...spec.image, digest: 'f'.repeat(64) } };

    expect(await after.createDisk(other, options)).toEqual({ imageDigest: spec.image.digest });
    expect((await after.inspect(spec.vmId, options)).disk).toMatchObject({ imageDigest: spec.image.digest });
  });

  test('an aborted creation leaves no disk, and can be repeated', async () => {
    const subject = driver();
    const spec = machine();

    await expect(subject.createDisk(spec, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );

    expect((await subject.inspect(spec.vmId, options)).disk.kind).not.toBe('present');
    await subject.createDisk(spec, options);
    expect((await subject.inspect(spec.vmId, options)).disk.kind).toBe('present');
  });

  test('removes everything, and removing it again changes nothing', async () => {
    const subject = driver();
    const spec = machine();
    await subject.createDisk(spec, options);

    await subject.deleteDisk(spec.vmId, options);
    await subject.deleteDisk(spec.vmId, options);

    expect(await subject.inspect(spec.vmId, options)).toEqual({
      disk: { kind: 'absent' },
      machine: { kind: 'absent' },
    });
    expect((await subject.findAll(options)).map((found) => found.vmId)).not.toContain(spec.vmId);
  });

  test('keeps the disk of a machine that is there', async () => {
    const subject = driver();
    const spec = machine();
    await subject.createDisk(spec, options);
    await subject.startMachine(spec, options);

    await expect(subject.deleteDisk(spec.vmId, options)).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'driver.machine_present',
    });

    expect(await subject.inspect(spec.vmId, options)).toMatchObject({
      disk: { kind: 'present' },
      machine: { kind: 'running' },
    });
  });
}
