import { expect, test } from 'vitest';
import type { DriverContext } from './subject.contract.ts';

/** `createDisk`, `deleteDisk`. */
export function diskLaws({ driver, machine, options }: DriverContext): void {
  test('makes a disk, and making it again changes nothing', async () => {
    const subject = driver();
    const spec = machine();

    await subject.createDisk(spec, options);
    await subject.createDisk(spec, options);

    expect(await subject.inspect(spec.vmId, options)).toEqual({ disk: 'present', machine: { kind: 'absent' } });
  });

  test('an aborted creation leaves no disk, and can be repeated', async () => {
    const subject = driver();
    const spec = machine();

    await expect(subject.createDisk(spec, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );

    expect((await subject.inspect(spec.vmId, options)).disk).toBe('absent');
    await subject.createDisk(spec, options);
    expect((await subject.inspect(spec.vmId, options)).disk).toBe('present');
  });

  test('removes everything, and removing it again changes nothing', async () => {
    const subject = driver();
    const spec = machine();
    await subject.createDisk(spec, options);

    await subject.deleteDisk(spec.vmId, options);
    await subject.deleteDisk(spec.vmId, options);

    expect(await subject.inspect(spec.vmId, options)).toEqual({ disk: 'absent', machine: { kind: 'absent' } });
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

    expect(await subject.inspect(spec.vmId, options)).toMatchObject({ disk: 'present', machine: { kind: 'running' } });
  });
}
