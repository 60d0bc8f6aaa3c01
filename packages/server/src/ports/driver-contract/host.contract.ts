import { expect, test } from 'vitest';
import { idFromUuid } from '../../domain/ids.ts';
import type { DriverContext } from './subject.contract.ts';

/** `kind`, `capabilities`, `probe`, and what is said of VMs that nobody made. */
export function hostLaws({ driver, machine, options }: DriverContext): void {
  test('says what it is and what it can do', () => {
    const subject = driver();

    expect(subject.kind).toMatch(/^[a-z]+$/);
    expect(subject.capabilities.networkModes.length).toBeGreaterThan(0);
  });

  test('probes the host once and then remembers', async () => {
    const { image } = machine();

    const first = await driver().probe({ ...options, image });
    const second = await driver().probe({ ...options, image });

    expect(first.version).not.toBe('');
    expect(first.accelerator.explanation).toMatch(/^[A-Z/].*\.$/s);
    expect(second).toEqual(first);
  });

  test('probes without an image, and says what that means', async () => {
    const { accelerator } = await driver().probe({ ...options, image: null });

    expect(accelerator.explanation).not.toBe('');
  });

  test('knows nothing of a VM that was never made', async () => {
    const subject = driver();
    const vmId = idFromUuid('vm', '01900000-0000-7000-8000-00000000dead');

    expect(await subject.inspect(vmId, options)).toEqual({ disk: { kind: 'absent' }, machine: { kind: 'absent' } });
    expect(await subject.measureMachine(vmId, options)).toBeNull();
    expect(await subject.surveyMachine(vmId, options)).toBeNull();
    await subject.endMachine(vmId, options);
    await subject.deleteDisk(vmId, options);
    expect((await subject.findAll(options)).map((found) => found.vmId)).not.toContain(vmId);
  });

  test('a watch ends when it is aborted, and when the driver is disposed of', async () => {
    const subject = driver();
    const controller = new AbortController();
    const aborted = subject.watch(controller)[Symbol.asyncIterator]().next();
    const disposed = subject.watch(options)[Symbol.asyncIterator]().next();

    controller.abort();
    expect((await aborted).done).toBe(true);
    await subject[Symbol.asyncDispose]();
    expect((await disposed).done).toBe(true);
  });
}
