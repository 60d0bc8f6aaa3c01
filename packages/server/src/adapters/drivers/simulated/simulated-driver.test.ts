import { expect, test } from 'vitest';
import { driverContract } from '../../../ports/driver.contract.ts';
import { waitForMachine } from '../../../ports/driver-contract/subject.contract.ts';
import { createManualClock, type ManualClock } from '../../shared/manual-clock.ts';
import { createSimulatedDriver } from './simulated-driver.ts';
import { makeMachine, makeSimulatedSubject } from './simulated-machine.fixture.ts';
import { createSimulatedWorld, type SimulatedWorld } from './simulated-world.ts';

const options = { signal: new AbortController().signal };

driverContract({ name: 'the simulated driver', make: async () => makeSimulatedSubject() });

function setUp(): { readonly world: SimulatedWorld; readonly clock: ManualClock } {
  const clock = createManualClock();
  return { clock, world: createSimulatedWorld({ clock }) };
}

test('a call fails as often as its label says, also over a restart of the server', async () => {
  const { world } = setUp();
  const machine = makeMachine({ 'simulate.start_error': 'unavailable:2' });
  const driver = createSimulatedDriver({ world });
  await driver.createDisk(machine, options);

  await expect(driver.startMachine(machine, options)).rejects.toMatchObject({ code: 'unavailable' });
  const next = createSimulatedDriver({ world });
  await expect(next.startMachine(machine, options)).rejects.toMatchObject({ reason: 'driver.simulated_fault' });
  await next.startMachine(machine, options);

  expect((await next.inspect(machine.vmId, options)).machine.kind).toBe('running');
});

test('a machine takes its time to start, and dies when it is told to', async () => {
  const { world, clock } = setUp();
  const machine = makeMachine({ 'simulate.start_delay_ms': '500', 'simulate.dies_after_ms': '1000' });
  const driver = createSimulatedDriver({ world });
  await driver.createDisk(machine, options);

  const starting = driver.startMachine(machine, options);
  await clock.advance(499);
  expect((await driver.inspect(machine.vmId, options)).machine.kind).toBe('absent');
  await clock.advance(1);
  await starting;
  const dead = waitForMachine(driver, machine.vmId, 'ended');
  await clock.advance(1_000);

  expect((await dead).end.cause).toBe('vmm-died');
});

test('a late agent answers at its time, a silent one never', async () => {
  const { world, clock } = setUp();
  const late = makeMachine({ 'simulate.agent': 'late:3000' });
  const silent = makeMachine({ 'simulate.agent': 'silent' });
  const driver = createSimulatedDriver({ world });
  for (const machine of [late, silent]) {
    await driver.createDisk(machine, options);
    await driver.startMachine(machine, options);
  }
  const controller = new AbortController();

  const opening = driver.openLink(late.vmId, options);
  const waiting = driver.openLink(silent.vmId, controller);
  await clock.advance(3_000);
  expect((await opening).info.protocolVersion).toBe(1);
  await clock.advance(60 * 60_000);
  controller.abort(new Error('enough'));

  await expect(waiting).rejects.toThrow('enough');
});

test('a halted guest does not answer within its time', async () => {
  const { world, clock } = setUp();
  const machine = makeMachine();
  const driver = createSimulatedDriver({ world });
  await driver.createDisk(machine, options);
  await driver.startMachine(machine, options);
  const link = await driver.openLink(machine.vmId, options);
  await driver.pauseMachine(machine.vmId, options);

  const ping = link.ping({ timeoutMs: 1_000 });
  ping.catch(() => undefined);
  await clock.advance(1_000);

  await expect(ping).rejects.toMatchObject({ reason: 'guest.silent' });
});

test('a template takes its time, fails as often as it is told to, and may turn out to be damaged', async () => {
  const { world, clock } = setUp();
  const machine = makeMachine({
    'simulate.template_error': 'resource_exhausted:1',
    'simulate.template_delay_ms': '500',
    'simulate.templates': 'damaged',
  });
  const { warm, ...driver } = createSimulatedDriver({ world });
  await driver.createDisk(machine, options);

  const failing = warm?.build(machine, options);
  failing?.catch(() => undefined);
  await clock.advance(500);
  await expect(failing).rejects.toMatchObject({ code: 'resource_exhausted', reason: 'driver.simulated_fault' });
  const making = warm?.build(machine, options);
  await clock.advance(499);
  expect(await warm?.list()).toEqual([]);
  await clock.advance(1);

  const from = { kind: 'warm', key: (await making)?.key ?? '' } as const;
  await expect(driver.createDisk({ ...makeMachine(), from }, options)).rejects.toMatchObject({
    reason: 'snapshot.damaged',
  });
});

test('the faults of a machine that was made ahead are those of its VM, and begin when it is given to it', async () => {
  const { world, clock } = setUp();
  const machine = makeMachine({ 'simulate.dies_after_ms': '1000' });
  const { warm, ...driver } = createSimulatedDriver({ world });
  const { key = '' } = (await warm?.build(machine, options)) ?? {};
  await warm?.startSpare(machine, { ...options, key });
  await clock.advance(60_000);

  await driver.startMachine(machine, options);
  await clock.advance(999);
  expect((await driver.inspect(machine.vmId, options)).machine.kind).toBe('running');
  const dead = waitForMachine(createSimulatedDriver({ world }), machine.vmId, 'ended');
  await clock.advance(1);

  expect((await dead).end.cause).toBe('vmm-died');
});

test('names the label of a fault that there is not', async () => {
  const { world } = setUp();
  const driver = createSimulatedDriver({ world });

  for (const labels of [
    { 'simulate.typo': '1' },
    { 'simulate.agent': 'deaf' },
    { 'simulate.start_error': 'nonsense' },
  ]) {
    await expect(driver.createDisk(makeMachine(labels), options)).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: 'driver.invalid_fault',
      details: { field: `labels.${Object.keys(labels)[0]}` },
    });
  }
});
