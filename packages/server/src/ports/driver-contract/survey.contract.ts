import { expect, test } from 'vitest';
import type { DriverContext } from './subject.contract.ts';

/** `measureMachine` and `surveyMachine`. */
export function surveyLaws({ driver, machine, options }: DriverContext): void {
  test('tells what a machine has used, which only grows as long as it lives', async () => {
    const subject = driver();
    const spec = machine();
    await subject.createDisk(spec, options);
    expect(await subject.surveyMachine(spec.vmId, options)).toBeNull();
    await subject.startMachine(spec, options);
    await using link = await subject.openLink(spec.vmId, options);
    await link.ping({ timeoutMs: 60_000 });

    const first = await subject.surveyMachine(spec.vmId, options);
    const use = await subject.measureMachine(spec.vmId, options);
    await link.ping({ timeoutMs: 60_000 });
    const second = await subject.surveyMachine(spec.vmId, options);

    if (first === null || use === null || second === null) throw new Error('there is a machine');
    expect(first.uptimeMs).toBeGreaterThanOrEqual(0);
    expect(use.cpuMs).toBeGreaterThanOrEqual(first.cpuMs);
    for (const name of ['uptimeMs', 'cpuMs'] as const) expect(second[name]).toBeGreaterThanOrEqual(first[name]);
    // What a monitor counts is left out when it takes too long to answer, as on a busy host.
    for (const name of ['diskTransferBytes', 'diskOperations', 'networkBytes', 'networkPackets'] as const)
      for (const [of, count] of second[name] === null ? [] : Object.entries(first[name] ?? {}))
        expect(Object.entries(second[name] ?? {})).toContainEqual([of, expect.toSatisfy((later) => later >= count)]);
    // What is counted is counted of the whole life: a guest cannot have come so far in no memory at all.
    if (first.heldBytes !== null) expect(first.heldBytes).toBeGreaterThan(0);

    await subject.endMachine(spec.vmId, options);
    expect(await subject.surveyMachine(spec.vmId, options)).toBeNull();
  });

  test('tells of a machine of which nobody in it can tell, as it is halted', async ({ skip }) => {
    const subject = driver();
    skip(!subject.capabilities.supportsPause, 'the driver cannot pause');
    const spec = machine();
    await subject.createDisk(spec, options);
    await subject.startMachine(spec, options);
    await subject.pauseMachine(spec.vmId, options);

    expect(await subject.surveyMachine(spec.vmId, options)).toMatchObject({ cpuMs: expect.any(Number) });
  });
}
