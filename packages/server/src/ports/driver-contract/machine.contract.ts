import { expect, test } from 'vitest';
import type { DriverContext } from './subject.contract.ts';

const NO_MACHINE = { code: 'failed_precondition', reason: 'driver.no_machine' };
const MACHINE_PRESENT = { code: 'failed_precondition', reason: 'driver.machine_present' };

/** `startMachine`, `endMachine`, `pauseMachine`, `resumeMachine`, `pressPowerButton`, `inspect`. */
export function machineLaws(context: DriverContext): void {
  startLaws(context);
  pauseLaws(context);

  test('ends a machine, keeps its disk, and starts the next one', async () => {
    const subject = context.driver();
    const spec = context.machine();
    await subject.createDisk(spec, context.options);
    await subject.startMachine(spec, context.options);

    await subject.endMachine(spec.vmId, context.options);
    await subject.endMachine(spec.vmId, context.options);

    expect(await subject.inspect(spec.vmId, context.options)).toMatchObject({
      disk: { kind: 'present' },
      machine: { kind: 'absent' },
    });
    await subject.startMachine({ ...spec, incarnation: 2 }, context.options);
    expect((await subject.inspect(spec.vmId, context.options)).machine).toMatchObject({
      kind: 'running',
      incarnation: 2,
    });
  });

  test('ending one machine leaves the others alone', async () => {
    const subject = context.driver();
    const [one, other] = [context.machine(), context.machine()];
    for (const spec of [one, other]) {
      await subject.createDisk(spec, context.options);
      await subject.startMachine(spec, context.options);
    }

    await subject.endMachine(one.vmId, context.options);

    expect((await subject.inspect(one.vmId, context.options)).machine.kind).toBe('absent');
    expect((await subject.inspect(other.vmId, context.options)).machine.kind).toBe('running');
  });
}

function startLaws({ driver, machine, options }: DriverContext): void {
  test('starts a machine, and says so', async () => {
    const subject = driver();
    const spec = machine();
    await subject.createDisk(spec, options);

    const handle = await subject.startMachine(spec, options);

    expect(handle).toMatchObject({ driver: subject.kind });
    expect(JSON.parse(JSON.stringify(handle))).toEqual(handle);
    const { machine: state } = await subject.inspect(spec.vmId, options);
    expect(state).toMatchObject({ kind: 'running', incarnation: 1, handle });
  });

  test('starting again, also at the same time, gives the same machine', async () => {
    const subject = driver();
    const spec = machine();
    await subject.createDisk(spec, options);

    const [first, second] = await Promise.all([
      subject.startMachine(spec, options),
      subject.startMachine(spec, options),
    ]);
    const third = await subject.startMachine(spec, options);

    expect(second).toEqual(first);
    expect(third).toEqual(first);
  });

  test('does not start another incarnation beside one that is there', async () => {
    const subject = driver();
    const spec = machine();
    await subject.createDisk(spec, options);
    await subject.startMachine(spec, options);

    await expect(subject.startMachine({ ...spec, incarnation: 2 }, options)).rejects.toMatchObject(MACHINE_PRESENT);

    expect((await subject.inspect(spec.vmId, options)).machine).toMatchObject({ kind: 'running', incarnation: 1 });
  });

  test('does not start without a disk', async () => {
    const subject = driver();
    const spec = machine();

    await expect(subject.startMachine(spec, options)).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'driver.no_disk',
    });

    expect(await subject.inspect(spec.vmId, options)).toEqual({
      disk: { kind: 'absent' },
      machine: { kind: 'absent' },
    });
  });

  test('an aborted start leaves no machine, and can be repeated', async () => {
    const subject = driver();
    const spec = machine();
    await subject.createDisk(spec, options);
    const controller = new AbortController();

    const starting = subject.startMachine(spec, controller);
    controller.abort(new Error('enough'));

    await expect(starting).rejects.toThrow('enough');
    expect((await subject.inspect(spec.vmId, options)).machine.kind).toBe('absent');
    await subject.startMachine(spec, options);
    expect((await subject.inspect(spec.vmId, options)).machine.kind).toBe('running');
  });
}

function pauseLaws({ driver, machine, options }: DriverContext): void {
  test('halts a machine and sets it going, each as often as it is asked', async ({ skip }) => {
    const subject = driver();
    skip(!subject.capabilities.supportsPause, 'the driver cannot pause');
    const spec = machine();
    await subject.createDisk(spec, options);
    const handle = await subject.startMachine(spec, options);

    await subject.pauseMachine(spec.vmId, options);
    await subject.pauseMachine(spec.vmId, options);
    const halted = await subject.inspect(spec.vmId, options);
    await subject.resumeMachine(spec.vmId, options);
    await subject.resumeMachine(spec.vmId, options);
    const going = await subject.inspect(spec.vmId, options);

    expect(halted.machine).toMatchObject({ kind: 'paused', incarnation: 1, handle });
    expect(going.machine).toMatchObject({ kind: 'running', incarnation: 1, handle });
  });

  test('ends a halted machine', async ({ skip }) => {
    const subject = driver();
    skip(!subject.capabilities.supportsPause, 'the driver cannot pause');
    const spec = machine();
    await subject.createDisk(spec, options);
    await subject.startMachine(spec, options);
    await subject.pauseMachine(spec.vmId, options);

    await subject.endMachine(spec.vmId, options);

    expect((await subject.inspect(spec.vmId, options)).machine.kind).toBe('absent');
  });

  test('presses the power button of a machine', async () => {
    const subject = driver();
    const spec = machine();
    await subject.createDisk(spec, options);
    await subject.startMachine(spec, options);

    await expect(subject.pressPowerButton(spec.vmId, options)).resolves.toBeUndefined();
  });

  test('cannot halt, set going, switch off or speak to what is not there', async () => {
    const subject = driver();
    const spec = machine();
    await subject.createDisk(spec, options);

    await expect(subject.pauseMachine(spec.vmId, options)).rejects.toMatchObject(NO_MACHINE);
    await expect(subject.resumeMachine(spec.vmId, options)).rejects.toMatchObject(NO_MACHINE);
    await expect(subject.pressPowerButton(spec.vmId, options)).rejects.toMatchObject(NO_MACHINE);
    await expect(subject.openLink(spec.vmId, options)).rejects.toMatchObject(NO_MACHINE);
  });
}
