import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Driver } from '../../ports/driver.ts';
import type { ImageSource } from '../../ports/image-source.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { create, finish, request, soon } from '../vm-life.test-kit.ts';
import { createWarmHost, createWarmInstallation, type WarmFaults } from './warm-host.test-kit.ts';

/* Warm templates as somebody who asks for them sees them. */

let installation: Installation;

beforeEach(() => {
  installation = createWarmInstallation({ sweepMs: 100 });
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

const SMALL = { memoryMib: 200 } as const;

async function build(server: TestServer, kind: { readonly memoryMib?: number } = SMALL): Promise<Operation> {
  return await finish(server, await server.engine.warmTemplates.build(ADMIN, kind));
}

const list = (server: TestServer) => server.engine.warmTemplates.list(ADMIN, soon);

/** A host on which something is held at its door until it is let go on. */
function held(door: keyof WarmFaults): {
  readonly host: ReturnType<typeof createWarmHost>;
  readonly reached: Promise<void>;
  readonly goOn: () => void;
} {
  const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const host = createWarmHost({
    [door]: async () => {
      reached.resolve();
      await gate.promise;
    },
  });
  return { host, reached: reached.promise, goOn: () => gate.resolve() };
}

/** A host on which a template is never complete: its making ends when it is aborted. */
function hangingBuild(): { readonly wrap: (driver: Driver) => Driver; readonly reached: Promise<void> } {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const wrap = (driver: Driver): Driver => ({
    ...driver,
    warm: driver.warm && {
      ...driver.warm,
      async build(_machine, { signal }) {
        resolve();
        return await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      },
    },
  });
  return { wrap, reached };
}

describe('a build', () => {
  it('makes one that the first VM of its kind begins from, once', { timeout: 20_000 }, async () => {
    const { wrap, begunFrom } = createWarmHost();
    const server = await installation.start(wrap);

    const operation = await build(server);
    const again = await build(server);

    expect(operation).toMatchObject({
      kind: 'warm_template.build',
      state: 'succeeded',
      subject: { kind: 'warm_template', name: 'base, 1 vCPU, 200 MiB, 8 GiB, network user' },
      result: { image: 'base', vcpus: 1, memory_mib: 200, disk_gib: 8, network_mode: 'user' },
    });
    const [template, ...others] = await list(server);
    expect(others).toEqual([]);
    expect([operation.result, again.result]).toEqual([
      expect.objectContaining({ key: template?.key }),
      expect.objectContaining({ key: template?.key }),
    ]);
    const { vms } = server.engine;
    const made = await vms.create(ADMIN, { ...request('first'), spec: SMALL, warmStart: 'require' });
    expect(await finish(server, made.operation)).toMatchObject({ state: 'succeeded' });
    expect(begunFrom).toEqual(['200 MiB']);
  });

  it('that is under way is returned to whoever asks for the same', { timeout: 20_000 }, async () => {
    const { host, reached, goOn } = held('build');
    const server = await installation.start(host.wrap);
    const { warmTemplates } = server.engine;

    const first = await warmTemplates.build(ADMIN, SMALL);
    await reached;
    const second = await warmTemplates.build(ADMIN, { ...SMALL, vcpuCount: 1 });
    const other = await warmTemplates.build(ADMIN, { memoryMib: 201 });
    goOn();

    expect(second.id).toBe(first.id);
    expect(other.id).not.toBe(first.id);
    expect(await finish(server, first)).toMatchObject({ state: 'succeeded' });
    expect(await finish(server, other)).toMatchObject({ state: 'succeeded' });
  });

  it('that is asked for again by the same key is not done again', { timeout: 20_000 }, async () => {
    const server = await installation.start();
    const { warmTemplates, idempotency } = server.engine;
    const claim = () => idempotency.claim(ADMIN, { key: 'k', fingerprint: 'a', requestId: 'r' });
    const once = await claim();
    const operation = await finish(server, await warmTemplates.build(ADMIN, SMALL, { once }));
    // It was never answered.
    idempotency.release(once);
    for (const { key } of await list(server)) await warmTemplates.remove(ADMIN, key, soon);

    const again = await warmTemplates.build(ADMIN, SMALL, { once: await claim() });

    expect(again).toMatchObject({ id: operation.id, state: 'succeeded' });
    expect(await list(server)).toEqual([]);
  });

  it('that is cancelled makes nothing', { timeout: 20_000 }, async () => {
    const { wrap, reached } = hangingBuild();
    const server = await installation.start(wrap);
    const operation = await server.engine.warmTemplates.build(ADMIN, SMALL);
    await reached;

    await server.engine.operations.cancel(ADMIN, operation.id, soon);

    expect(await finish(server, operation)).toMatchObject({ state: 'cancelled' });
    await server.stop();
    expect(installation.world.templates.ids()).toEqual([]);
  });

  it('is completed by the next server when one dies over it', { timeout: 20_000 }, async () => {
    const { wrap, reached } = hangingBuild();
    const first = await installation.start(wrap);
    const operation = await first.engine.warmTemplates.build(ADMIN, SMALL);
    await reached;
    await first.stop();
    expect(installation.world.templates.ids()).toEqual([]);

    const second = await installation.start();

    expect(await finish(second, operation)).toMatchObject({ state: 'succeeded' });
    expect(await list(second)).toHaveLength(1);
  });

  it('has machines that wait give way, and is refused where that is not enough', { timeout: 20_000 }, async () => {
    const host = createWarmHost();
    let availableMib: (() => number) | null = null;
    const server = await installation.start(host.wrap, undefined, (probe) => ({
      async measure() {
        const facts = await probe.measure();
        return availableMib === null ? facts : { ...facts, memoryAvailableMib: availableMib() };
      },
    }));
    await create(server, 'first');
    await expect.poll(() => host.spares.size, { timeout: 10_000 }).toBe(1);

    availableMib = () => (host.spares.size > 0 ? 600 : 800);
    expect(await build(server)).toMatchObject({ state: 'succeeded' });
    availableMib = () => 600;
    expect(await build(server, { memoryMib: 201 })).toMatchObject({
      state: 'failed',
      error: { code: 'resource_exhausted', reason: 'host.no_memory' },
    });
  });

  it('is refused for what no VM could be, and by a server that does without', { timeout: 20_000 }, async () => {
    const server = await installation.start();
    const { warmTemplates } = server.engine;

    await expect(warmTemplates.build(ADMIN, { image: 'none' })).rejects.toMatchObject({ reason: 'vm.unknown_image' });
    await expect(warmTemplates.build(ADMIN, { memoryMib: 1 })).rejects.toMatchObject({ reason: 'vm.out_of_range' });
    await server.stop();
    const booting = await installation.start((driver) => ({ ...driver, warm: null }));
    await expect(booting.engine.warmTemplates.build(ADMIN, {})).rejects.toMatchObject({
      code: 'unsupported',
      reason: 'driver.no_warm_templates',
    });
    await using without = createInstallation();
    const refusing = await without.start();
    await expect(refusing.engine.warmTemplates.build(ADMIN, {})).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'warm_template.disabled',
    });
  });
});

describe('the list', () => {
  it('says what each is for, what waits of it and when it was used', { timeout: 20_000 }, async () => {
    const host = createWarmHost();
    const server = await installation.start(host.wrap);
    await build(server, SMALL);
    await create(server, 'first');
    await expect.poll(() => host.spares.size, { timeout: 10_000 }).toBe(1);

    const [used, unused] = await list(server);

    expect(used).toMatchObject({
      image: 'base',
      vcpuCount: 1,
      memoryMib: 256,
      networkMode: 'user',
      spareCount: 1,
      usedBy: [],
      whyUnusable: null,
    });
    expect(unused).toMatchObject({ memoryMib: 200, spareCount: 0, whyUnusable: null });
    expect(used?.usedAt).toBeGreaterThan(unused?.usedAt ?? 0);
    expect(unused?.createdAt).toBe(unused?.usedAt);
  });

  it('says why one is of no use', { timeout: 20_000 }, async () => {
    await using without = createInstallation({ warm: { isEnabled: true } });
    const why = async (server: TestServer) => (await list(server)).map(({ whyUnusable }) => whyUnusable);
    const first = await without.start();
    await build(first);
    await first.stop();
    const images = (change: Partial<ImageSource>) => (source: ImageSource) => ({ ...source, ...change });

    const gone = await without.start(undefined, images({ list: async () => [] }));
    expect(await why(gone)).toEqual(['Its image is gone from this host.']);
    await gone.stop();
    const rebuilt = await without.start(undefined, images({ find: async () => null }));
    expect(await why(rebuilt)).toEqual(['VMs are made from a newer image of this name now.']);
    await rebuilt.stop();
    const elsewhere = await without.start((driver) => ({
      ...driver,
      warm: driver.warm && { ...driver.warm, find: async () => null },
    }));
    expect(await why(elsewhere)).toEqual([expect.stringContaining('another processor')]);
    await elsewhere.stop();
    const server = await without.start();
    expect(await why(server)).toEqual([null]);
  });
});

describe('one that is removed', () => {
  it('goes with the machines of it that wait, and no VM begins from it any more', { timeout: 20_000 }, async () => {
    const host = createWarmHost();
    const server = await installation.start(host.wrap);
    const { warmTemplates, vms } = server.engine;
    await create(server, 'first');
    await expect.poll(() => host.spares.size, { timeout: 10_000 }).toBe(1);
    const [template] = await list(server);

    await warmTemplates.remove(ADMIN, template?.key ?? '', soon);

    expect(installation.world.vms.size).toBe(1);
    expect(await list(server)).toEqual([]);
    await expect(vms.create(ADMIN, { ...request('second'), warmStart: 'require' })).rejects.toMatchObject({
      reason: 'vm.no_warm_template',
    });
    await expect(warmTemplates.remove(ADMIN, template?.key ?? '', soon)).rejects.toMatchObject({
      code: 'not_found',
      reason: 'warm_template.unknown',
    });
  });

  it('is refused as long as VMs are about to begin from it, and they are named', { timeout: 20_000 }, async () => {
    const { host, reached, goOn } = held('begin');
    const server = await installation.start(host.wrap);
    const { warmTemplates, vms } = server.engine;
    await build(server);
    const [template] = await list(server);
    const key = template?.key ?? '';
    const { operation } = await vms.create(ADMIN, { ...request('bird'), spec: SMALL });
    const booting = await vms.create(ADMIN, { ...request('stone'), spec: SMALL, warmStart: 'never' });
    await reached;

    await expect(warmTemplates.remove(ADMIN, key, soon)).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'warm_template.in_use',
      message: 'VMs are about to begin from this warm template: bird.',
      details: { key, used_by: [{ kind: 'vm', name: 'bird' }], user_count: 1 },
    });
    expect(await list(server)).toMatchObject([{ usedBy: [{ name: 'bird' }] }]);
    goOn();
    expect(await finish(server, operation)).toMatchObject({ state: 'succeeded' });
    await finish(server, booting.operation);
    await warmTemplates.remove(ADMIN, key, soon);

    expect(await list(server)).toEqual([]);
    expect((await vms.get(ADMIN, 'bird')).status.phase).toBe('running');
  });
});
