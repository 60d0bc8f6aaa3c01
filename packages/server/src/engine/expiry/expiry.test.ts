import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../adapters/shared/manual-clock.ts';
import type { Clock } from '../../ports/clock.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { soon } from '../vm-life.test-kit.ts';

/* The time of these tests is stepped by hand; the wall clock can be put off by itself. */

const START = 1_700_000_000_000;
let manual: ManualClock;
let wallOffsetMs: number;
let installation: Installation;

beforeEach(() => {
  manual = createManualClock({ startsAt: START });
  wallOffsetMs = 0;
  const clock: Clock = { ...manual, now: () => manual.now() + wallOffsetMs };
  installation = createInstallation({ clock });
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function create(server: TestServer, ttlSeconds: number): Promise<void> {
  const request = {
    name: 'bird',
    spec: {},
    labels: {},
    metadata: {},
    start: false,
    warmStart: 'auto' as const,
    lifetime: { ttlSeconds },
  };
  const { operation } = await server.engine.vms.create(ADMIN, request);
  await until(async () => (await server.engine.operations.get(ADMIN, operation.id)).state === 'succeeded');
}

/** Steps the time by a few milliseconds until something is so: what waits by the clock goes on. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('it did not come to be');
    await manual.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    await manual.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function typesOf(server: TestServer): Promise<readonly string[]> {
  const types = ['vm.expiring', 'vm.expired', 'vm.deleting', 'vm.deleted'] as const;
  return (await server.engine.events.list(ADMIN, { after: null, limit: 200, types })).map(({ type }) => type);
}

async function isThere(server: TestServer): Promise<boolean> {
  return (await server.engine.vms.list(ADMIN, { limit: 1, after: null })).items.length === 1;
}

describe('a VM with a time to live', () => {
  it('is told to be near its end, and deleted then', async () => {
    const server = await installation.start();
    await create(server, 100);

    await pass(35);
    expect(await typesOf(server)).toEqual([]);
    await pass(15);
    expect(await typesOf(server)).toEqual(['vm.expiring']);
    expect(await isThere(server)).toBe(true);
    await pass(52);

    await until(async () => !(await isThere(server)));
    expect(await typesOf(server)).toEqual(['vm.expiring', 'vm.expired', 'vm.deleting', 'vm.deleted']);
    const [operation] = (await server.engine.operations.list(ADMIN, { limit: 1, after: null })).items;
    expect(operation).toMatchObject({ kind: 'vm.delete', principal: 'system' });
    const told = { principal: 'system', action: 'vm.delete', order: 'oldest-first', limit: 9, after: null } as const;
    expect(await server.store.audit.list(told)).toMatchObject([
      { target: { kind: 'vm', name: 'bird' }, address: null, details: { reason: 'expired' } },
    ]);
  });

  it('lives longer when it is given more time, and is told again', async () => {
    const server = await installation.start();
    await create(server, 100);
    await pass(50);
    const { vm } = await server.engine.vms.update(ADMIN, 'bird', { lifetime: { ttlSeconds: 200 } }, {});
    expect(vm.expiry).toEqual({ at: manual.now() + 200_000, toldAt: null });

    await pass(130);
    expect(await isThere(server)).toBe(true);
    await pass(20);
    expect(await typesOf(server)).toEqual(['vm.expiring', 'vm.expiring']);
    await server.engine.vms.update(ADMIN, 'bird', { lifetime: null }, {});
    await pass(200);

    expect((await server.engine.vms.get(ADMIN, 'bird')).expiry).toBeNull();
  });

  it('is not deleted by a wall clock that jumps ahead, nor by one that falls behind', async () => {
    const server = await installation.start();
    await create(server, 300);
    await pass(2);

    wallOffsetMs = 24 * 3_600_000;
    await pass(200);
    expect(await isThere(server)).toBe(true);
    wallOffsetMs = -3_600_000;
    await pass(200);
    expect(await isThere(server)).toBe(true);
    wallOffsetMs = 0;
    await pass(2);

    await until(async () => !(await isThere(server)));
  });

  it('has a minute left when its time seems to be over at the start of a server', async () => {
    const first = await installation.start();
    await create(first, 100);
    const stopped = first.stop();
    await manual.advance(1_000);
    await stopped;
    wallOffsetMs = 24 * 3_600_000;

    const second = await installation.start();
    await pass(50);
    expect(await isThere(second)).toBe(true);
    expect(await typesOf(second)).toEqual(['vm.expiring']);
    await pass(15);

    await until(async () => !(await isThere(second)));
  });

  it.each([{ ttlSeconds: 0 }, { ttlSeconds: 1e12 }, { expiresAt: START - 1 }, { expiresAt: Number.NaN }])(
    'cannot have %j',
    async (lifetime) => {
      const server = await installation.start();
      const request = {
        name: 'bird',
        spec: {},
        labels: {},
        metadata: {},
        start: false,
        warmStart: 'auto' as const,
        lifetime,
      };

      await expect(server.engine.vms.create(ADMIN, request)).rejects.toMatchObject({
        code: 'invalid_argument',
        reason: 'vm.invalid_expiry',
      });
      expect(soon.signal.aborted).toBe(false);
    },
  );
});
