import { expect, test } from 'vitest';
import type { Driver, MachineSpec } from '../driver.ts';
import type { DriverContext } from './subject.contract.ts';

/** `openLink`. What a link can do is the guest link contract's matter. */
export function linkLaws({ driver, machine, options }: DriverContext): void {
  async function started(subject: Driver): Promise<MachineSpec> {
    const spec = machine();
    await subject.createDisk(spec, options);
    await subject.startMachine(spec, options);
    return spec;
  }

  test('opens a link once the agent answers', async () => {
    const subject = driver();
    const spec = await started(subject);

    await using link = await subject.openLink(spec.vmId, options);

    expect(link.info.agentVersion).not.toBe('');
    expect(await link.ping({ timeoutMs: 5_000 })).toBeGreaterThanOrEqual(0);
  });

  test('a second link ends the first', async () => {
    const subject = driver();
    const spec = await started(subject);
    const first = await subject.openLink(spec.vmId, options);

    await using second = await subject.openLink(spec.vmId, options);

    expect(await first.closed).not.toBe('');
    expect(await second.ping({ timeoutMs: 5_000 })).toBeGreaterThanOrEqual(0);
  });

  test('a second link ends the first also while that is being opened', async ({ skip }) => {
    const subject = driver();
    skip(!subject.capabilities.supportsPause, 'only a halted guest is sure not to answer');
    const spec = await started(subject);
    await subject.pauseMachine(spec.vmId, options);
    const first = subject.openLink(spec.vmId, options);
    first.catch(() => undefined);

    const second = subject.openLink(spec.vmId, options);
    await expect(first).rejects.toMatchObject({ code: 'unavailable', reason: 'guest.link_lost' });
    await subject.resumeMachine(spec.vmId, options);

    await using link = await second;
    expect(await link.ping({ timeoutMs: 5_000 })).toBeGreaterThanOrEqual(0);
  });

  test('a link ends with its machine', async () => {
    const subject = driver();
    const spec = await started(subject);
    const link = await subject.openLink(spec.vmId, options);

    await subject.endMachine(spec.vmId, options);

    expect(await link.closed).not.toBe('');
    await expect(subject.openLink(spec.vmId, options)).rejects.toMatchObject({ reason: 'driver.no_machine' });
  });

  test('waiting for an agent that does not answer ends with the signal', async ({ skip }) => {
    const subject = driver();
    skip(!subject.capabilities.supportsPause, 'only a halted guest is sure not to answer');
    const spec = await started(subject);
    await subject.pauseMachine(spec.vmId, options);
    const controller = new AbortController();

    const opening = subject.openLink(spec.vmId, controller);
    controller.abort(new Error('enough'));

    await expect(opening).rejects.toThrow('enough');
  });
}
