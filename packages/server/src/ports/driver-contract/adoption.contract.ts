import { expect, test } from 'vitest';
import { type DriverContext, waitForMachine } from './subject.contract.ts';

/** VMs outlive the process that made them, and a new one finds them. */
export function adoptionLaws({ driver, machine, options, subject }: DriverContext): void {
  test('finds everything that is on the host: disks alone, and machines', async () => {
    const before = driver();
    const [alone, running] = [machine(), machine()];
    await before.createDisk(alone, options);
    await before.createDisk(running, options);
    const handle = await before.startMachine(running, options);
    await before[Symbol.asyncDispose]();

    const found = new Map((await driver().findAll(options)).map((one) => [one.vmId, one.observation]));

    expect(found.get(alone.vmId)).toMatchObject({ disk: { kind: 'present' }, machine: { kind: 'absent' } });
    expect(found.get(running.vmId)).toMatchObject({
      disk: { kind: 'present' },
      machine: { kind: 'running', incarnation: 1, handle },
    });
  });

  test('a machine that was adopted can be started again, halted, set going, spoken to and ended', async () => {
    const before = driver();
    const spec = machine();
    await before.createDisk(spec, options);
    const handle = await before.startMachine(spec, options);
    await before[Symbol.asyncDispose]();
    const after = driver();

    expect(await after.startMachine(spec, options)).toEqual(handle);
    if (after.capabilities.supportsPause) {
      await after.pauseMachine(spec.vmId, options);
      expect((await after.inspect(spec.vmId, options)).machine.kind).toBe('paused');
      await after.resumeMachine(spec.vmId, options);
    }
    await using link = await after.openLink(spec.vmId, options);
    expect(await link.ping({ timeoutMs: 5_000 })).toBeGreaterThanOrEqual(0);
    await after.endMachine(spec.vmId, options);

    expect(await after.inspect(spec.vmId, options)).toMatchObject({
      disk: { kind: 'present' },
      machine: { kind: 'absent' },
    });
  });

  test('the end of a machine that was adopted is seen as well', async ({ skip }) => {
    const provoke = subject().provoke['vmm-died'];
    skip(provoke === null, 'the end of a monitor cannot be provoked here');
    const before = driver();
    const spec = machine();
    await before.createDisk(spec, options);
    await before.startMachine(spec, options);
    await before[Symbol.asyncDispose]();
    const after = driver();
    const ended = waitForMachine(after, spec.vmId, 'ended');

    await provoke?.(after, spec.vmId);

    expect((await ended).end.cause).toBe('vmm-died');
  });

  test('a link that was opened before goes on in the next one', async () => {
    const before = driver();
    const spec = machine();
    await before.createDisk(spec, options);
    await before.startMachine(spec, options);
    const { info } = await before.openLink(spec.vmId, options);
    await before[Symbol.asyncDispose]();

    await using link = await driver().openLink(spec.vmId, options);

    expect(link.info.bootId).toBe(info.bootId);
  });
}
