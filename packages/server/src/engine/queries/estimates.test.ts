import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSimulatedDriver } from '../../adapters/drivers/simulated/simulated-driver.ts';
import { createSimulatedWorld } from '../../adapters/drivers/simulated/simulated-world.ts';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Driver } from '../../ports/driver.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { finish, request } from '../vm-life.test-kit.ts';

let installation: Installation;
let server: TestServer;
/** How much later it is than by this machine: the time that is shown, and the time that only grows. */
let late = { now: 0, monotonic: 0 };
beforeEach(async () => {
  late = { now: 0, monotonic: 0 };
  const system = createSystemClock();
  installation = createInstallation({
    clock: {
      ...system,
      now: () => system.now() + late.now,
      // Stands, but for what the test adds.
      monotonicMs: () => late.monotonic,
    },
  });
  server = await installation.start();
});
afterEach(async () => {
  await server.stop();
  await installation[Symbol.asyncDispose]();
});

/** Creates a VM; by the clock it takes so much longer than it does. */
async function create(name: string, longerMs: number): Promise<{ readonly vm: Vm; readonly operation: Operation }> {
  const { engine } = server;
  const spec = {};
  const { vm, operation } = await engine.vms.create(ADMIN, {
    ...{ name, spec, labels: {}, metadata: {}, start: true, warmStart: 'never' },
  });
  late.now += longerMs;
  const waiting = { timeoutMs: 20_000, signal: new AbortController().signal };
  return { vm, operation: (await engine.operations.wait(ADMIN, operation.id, waiting)) ?? operation };
}

const tookMs = ({ createdAt, completedAt }: Operation): number => (completedAt ?? createdAt) - createdAt;

it('is what the last ones of its kind took, the one in their middle, looked up once a second', async () => {
  const { operations } = server.engine;
  const first = await create('first', 1_000);
  const begun = { ...first.operation, createdAt: 0, completedAt: null };
  expect(await operations.estimate(begun, first.vm)).toBe(tookMs(first.operation));

  const second = await create('second', 9_000);
  expect(await operations.estimate(begun, first.vm)).toBe(tookMs(first.operation));

  late.monotonic += 1_000;
  expect(await operations.estimate(begun, first.vm)).toBe(
    Math.round((tookMs(first.operation) + tookMs(second.operation)) / 2),
  );
});

it('is when it ended, for one that has', async () => {
  const { vm, operation } = await create('ended', 0);

  expect(await server.engine.operations.estimate(operation, vm)).toBe(operation.completedAt);
});

describe('on a host with two drivers', () => {
  let other: Driver;
  beforeEach(async () => {
    await server.stop();
    const driver = createSimulatedDriver({ world: createSimulatedWorld({ clock: createSystemClock() }) });
    other = { ...driver, kind: 'other', warm: null, packs: null };
    installation.otherDrivers.push(other);
    server = await installation.start();
  });
  afterEach(() => other[Symbol.asyncDispose]());

  const expectedAt = async ({ id }: Operation) => (await server.engine.operations.expect(ADMIN, id)).at;

  /** A VM that is made and deleted; by the clock its deletion takes so much longer than it does. */
  async function remove(name: string, driver: Vm['driver'], longerMs: number): Promise<Operation> {
    const { vms } = server.engine;
    await finish(server, (await vms.create(ADMIN, { ...request(name), driver })).operation);
    const { operation } = await vms.delete(ADMIN, name, {});
    late.now += longerMs;
    return await finish(server, operation);
  }

  /** A deletion that goes on: its guest has a minute, and the clock that only grows stands. */
  async function removing(name: string): Promise<Operation> {
    const { vms } = server.engine;
    const labels = { 'simulate.shutdown': 'ignored' };
    await finish(server, (await vms.create(ADMIN, request(name, labels))).operation);
    return (await vms.delete(ADMIN, name, { graceMs: 60_000 })).operation;
  }

  it('is what deletions took, whatever driver the VMs had that are gone', async () => {
    const took = tookMs(await remove('first', 'simulated', 1_000));
    const others = tookMs(await remove('second', 'other', 9_000));
    const under = await removing('third');

    expect(await expectedAt(under)).toBe(under.createdAt + Math.round((took + others) / 2));
  });

  it('is what those of other subjects took, which have no driver', async () => {
    const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await server.stop();
    let isHeld = false;
    server = await installation.start(undefined, (images) => ({
      ...images,
      async ensure(...args) {
        late.now += 2_000;
        if (isHeld) {
          begun.resolve();
          await go.promise;
        }
        return await images.ensure(...args);
      },
    }));
    const built = await finish(server, await server.engine.images.build(ADMIN, 'base'));
    isHeld = true;
    const under = await server.engine.images.build(ADMIN, 'base');
    await begun.promise;
    const at = await expectedAt(under);
    go.resolve();

    expect(at).toBe(under.createdAt + tookMs(built));
    await finish(server, under);
  });

  it('is looked up once a second also where there is none', async () => {
    const under = await removing('first');
    expect(await expectedAt(under)).toBeNull();
    const took = tookMs(await remove('second', 'simulated', 1_000));
    expect(await expectedAt(under)).toBeNull();

    late.monotonic += 1_000;
    expect(await expectedAt(under)).toBe(under.createdAt + took);
  });

  it('is not what VMs of the other driver took', async () => {
    const first = await create('first', 1_000);
    const { vms } = server.engine;
    const { operation } = await vms.create(ADMIN, { ...request('second'), driver: 'other' });
    late.now += 9_000;
    await finish(server, operation);
    const begun = { ...first.operation, createdAt: 0, completedAt: null };

    expect(await server.engine.operations.estimate(begun, first.vm)).toBe(tookMs(first.operation));
  });
});
