import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';

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
