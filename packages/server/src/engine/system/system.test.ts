import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Image } from '../../domain/image/image.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { StorageKind } from '../../domain/system/usage.ts';
import type { Driver, KeptThing, WarmTemplate } from '../../ports/driver.ts';
import type { ImageSource } from '../../ports/image-source.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { save } from '../snapshots/snapshots.test-kit.ts';
import { create, finish, soon } from '../vm-life.test-kit.ts';
import { readPruneResult } from './prune-result.ts';

const ALL = ['images', 'disks', 'snapshots', 'warm_templates', 'tools', 'leftovers'] as const;
const OLDER = 'f'.repeat(64);
const CURRENT = '0'.repeat(64);

let installation: Installation;
/** What was removed of the host, in its order; and what is there besides what the simulated host has. */
let removed: string[];
let older: Image | null;
let templates: WarmTemplate[];
let leftovers: KeptThing[];

beforeEach(() => {
  installation = createInstallation();
  [removed, older, leftovers] = [[], null, [{ kind: 'leftover', id: 'qemu/template-a', bytes: 10, isBusy: false }]];
  templates = [template('current', CURRENT), template('stale', OLDER)];
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

function template(key: string, imageDigest: string): WarmTemplate {
  const facts = { vcpuCount: 1, memoryMib: 1, diskBytes: 1, haltedMs: 1, createdAt: 1, usedAt: 1 };
  return { key, imageDigest, sizeBytes: 100, ...facts };
}

/** A host that has an older image, warm templates and leftovers as well; `pass` is called before each removal. */
async function start(pass: (id: string) => Promise<void> = async () => undefined): Promise<TestServer> {
  const note = async (id: string): Promise<void> => {
    await pass(id);
    removed.push(id);
  };
  return await installation.start(
    (driver): Driver => ({
      ...driver,
      deleteDisk: async (vmId, options) => {
        await note(vmId);
        await driver.deleteDisk(vmId, options);
      },
      deleteSaved: async (id, options) => {
        await note(id);
        await driver.deleteSaved(id, options);
      },
      storage: {
        list: async (options) => [...(await driver.storage.list(options)), ...leftovers],
        removeLeftover: async (id) => {
          await note(id);
          leftovers = leftovers.filter((each) => each.id !== id);
          return true;
        },
      },
      warm: {
        find: async () => null,
        build: async () => template('never', CURRENT),
        startSpare: async () => {
          throw new Error('nobody asks for spares here');
        },
        list: async () => templates,
        remove: async (key) => {
          await note(key);
          templates = templates.filter((each) => each.key !== key);
        },
      },
    }),
    (images): ImageSource => ({
      ...images,
      list: async () => [...(await images.list()), ...(older === null ? [] : [older])],
      measure: async (digests) => {
        // Both have the same root: it counts for the one that comes first.
        const own = digests.map((digest, index) => [digest, index === 0 ? 5000 : 1000] as const);
        return new Map(own);
      },
      remove: async (digest) => {
        await note(digest);
        if (digest !== OLDER) return await images.remove(digest);
        older = null;
        return true;
      },
    }),
  );
}

async function haveOlderImage(server: TestServer): Promise<void> {
  const [image] = await server.engine.images.list(ADMIN);
  if (image?.current == null) throw new Error('no image was built');
  older = { ...image.current, digest: OLDER, sizeBytes: 1000 };
}

async function prune(server: TestServer, kinds: readonly StorageKind[], isDryRun = false): Promise<Operation> {
  return await finish(server, await server.engine.system.prune(ADMIN, { kinds, isDryRun }));
}

function statesOf(operation: Operation): readonly string[] {
  return (readPruneResult(operation.result)?.items ?? []).map(({ kind, id, state }) => `${kind} ${id} ${state}`);
}

describe('what takes room', () => {
  it('is shown by kind, with what needs it', async () => {
    const server = await start();
    await create(server, 'bird');
    await save(server, 'bird', 'egg');
    await haveOlderImage(server);

    const uses = await server.engine.system.usage(ADMIN, soon);

    expect(uses.map(({ kind, count, reclaimableBytes }) => [kind, count, reclaimableBytes])).toEqual([
      ['images', 2, 1000],
      ['disks', 1, 0],
      ['snapshots', 1, 0],
      ['volumes', 0, 0],
      ['warm_templates', 2, 100],
      ['tools', 0, 0],
      ['leftovers', 1, 10],
    ]);
    const [images, disks, snapshots] = uses;
    expect(images?.things.map(({ id, bytes }) => [id, bytes])).toEqual([
      [CURRENT, 5000],
      [OLDER, 1000],
    ]);
    const used = images?.things.find(({ id }) => id === CURRENT)?.usedBy.map(({ kind, name }) => `${kind} ${name}`);
    expect(used).toEqual(['recipe base', 'vm bird', 'snapshot egg']);
    expect(disks?.things).toMatchObject([{ name: 'bird', usedBy: [{ kind: 'vm', name: 'bird' }] }]);
    expect(snapshots?.things).toMatchObject([{ name: 'egg', usedBy: [{ kind: 'snapshot', name: 'egg' }] }]);
  });

  it('has volumes, which are never pruned, whoever has them', async () => {
    const server = await start();
    const asked = { name: 'books', labels: {}, sizeGib: 1, source: { kind: 'empty' } } as const;
    const { operation } = await server.engine.volumes.create(ADMIN, asked);
    await finish(server, operation);

    expect(statesOf(await prune(server, ['volumes']))).toEqual([]);

    const uses = await server.engine.system.usage(ADMIN, soon);
    expect(uses.find(({ kind }) => kind === 'volumes')).toMatchObject({
      ...{ count: 1, reclaimableBytes: 0 },
      things: [{ name: 'books' }],
    });
  });
});

describe('a prune', () => {
  it('removes what nothing needs, and nothing else', async () => {
    const server = await start();
    await create(server, 'bird');
    await save(server, 'bird', 'egg');
    await haveOlderImage(server);

    const operation = await prune(server, ALL);

    expect(operation).toMatchObject({ kind: 'system.prune', state: 'succeeded', result: { freed_bytes: 1110 } });
    expect(removed).toEqual([OLDER, 'stale', 'qemu/template-a']);
    await server.engine.vms.get(ADMIN, 'bird');
    await finish(server, (await server.engine.snapshots.restore(ADMIN, 'bird', { snapshot: 'egg' })).operation);
    expect(statesOf(await prune(server, ALL))).toEqual([]);
  });

  it('of some kinds leaves the others, and a dry run leaves all', async () => {
    const server = await start();
    await create(server, 'bird');
    await haveOlderImage(server);

    expect(statesOf(await prune(server, ALL, true))).toEqual([
      `images ${OLDER} found`,
      'warm_templates stale found',
      'leftovers qemu/template-a found',
    ]);
    expect(removed).toEqual([]);
    await prune(server, ['leftovers']);
    expect(removed).toEqual(['qemu/template-a']);
  });

  it('removes disks and snapshots that belong to nothing, where that is asked for', async () => {
    const server = await start();
    await create(server, 'bird');
    await save(server, 'bird', 'egg');
    const vm = await server.engine.vms.get(ADMIN, 'bird');
    const egg = await server.engine.snapshots.get(ADMIN, 'egg');
    await finish(server, (await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 0 })).operation);
    const stopped = await server.engine.vms.get(ADMIN, 'bird');
    // As after an older database was brought back.
    await server.store.transaction(async (tables) => {
      await tables.vms.delete(vm.id, stopped.revision);
      await tables.snapshots.delete(egg.id, egg.revision);
    });

    expect(statesOf(await prune(server, ['disks', 'snapshots']))).toEqual([
      `disks ${vm.id} removed`,
      `snapshots ${egg.id} removed`,
    ]);
    expect(statesOf(await prune(server, ['disks', 'snapshots']))).toEqual([]);
  });

  it('leaves a disk whose VM is to come, or whose machine is there', async () => {
    leftovers = [{ kind: 'disk', id: 'vm_01k00000000000000000000000', bytes: 10, isBusy: true }];
    const server = await start();

    expect(statesOf(await prune(server, ['disks']))).toEqual([]);
  });

  it('keeps what has come to be needed since it was looked at', async () => {
    const server: TestServer = await start(async (id) => {
      if (id === OLDER) await takeTo('stale');
    });
    /** The image of this template is what VMs are made from now. */
    async function takeTo(key: string): Promise<void> {
      templates = templates.map((each) => (each.key === key ? { ...each, imageDigest: CURRENT } : each));
    }
    await create(server, 'bird');
    await haveOlderImage(server);

    const operation = await prune(server, ['images', 'warm_templates']);

    expect(statesOf(operation)).toEqual([`images ${OLDER} removed`, 'warm_templates stale kept']);
    expect(templates).toHaveLength(2);
  });

  it('goes on with the others when one cannot be removed', async () => {
    const server = await start(async (id) => {
      if (id === OLDER) throw new Error('the disk is broken');
    });
    await create(server, 'bird');
    await haveOlderImage(server);

    const operation = await prune(server, ['images', 'leftovers']);

    expect(operation.state).toBe('succeeded');
    expect(statesOf(operation)).toEqual([`images ${OLDER} kept`, 'leftovers qemu/template-a removed']);
  });

  it.each([OLDER, 'stale', 'qemu/template-a'])('is completed by the next server when one dies over %s', async (id) => {
    const died = Promise.withResolvers<void>();
    const stopped = new AbortController();
    const first = await start(async (removing) => {
      if (removing !== id) return;
      died.resolve();
      await new Promise<never>((_, reject) => {
        stopped.signal.addEventListener('abort', () => reject(stopped.signal.reason), { once: true });
      });
    });
    await create(first, 'bird');
    await haveOlderImage(first);
    const operation = await first.engine.system.prune(ADMIN, { kinds: ALL, isDryRun: false });
    await died.promise;
    // Told in the same turn in which it lets go of its work.
    first.bus.subscribe('events', () => setImmediate(() => stopped.abort(new Error('the server is gone'))));
    await first.stop();

    const second = await start();

    const done = await finish(second, operation);
    expect(done).toMatchObject({ state: 'succeeded', result: { freed_bytes: 1110 } });
    expect(removed.toSorted()).toEqual([OLDER, 'qemu/template-a', 'stale'].toSorted());
    expect((await second.engine.vms.get(ADMIN, 'bird')).status.phase).toBe('running');
  });

  it('that is cancelled removes nothing more', async () => {
    const held = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const server = await start(async (id) => {
      if (id !== OLDER) return;
      held.resolve();
      await goOn.promise;
    });
    await create(server, 'bird');
    await haveOlderImage(server);
    const operation = await server.engine.system.prune(ADMIN, { kinds: ALL, isDryRun: false });
    await held.promise;

    await server.engine.operations.cancel(ADMIN, operation.id, soon);
    goOn.resolve();

    expect((await finish(server, operation)).state).toBe('cancelled');
    await server.stop();
    expect(removed).toEqual([OLDER]);
  });
});

describe('an image that is needed', () => {
  it('is not removed, and what needs it is named', async () => {
    const server = await start();
    await create(server, 'bird');
    await save(server, 'bird', 'egg');

    for (const ref of ['base', CURRENT])
      await expect(server.engine.images.remove(ADMIN, ref)).rejects.toMatchObject({
        code: 'failed_precondition',
        reason: 'image.in_use',
        details: {
          used_by: [
            { kind: 'vm', name: 'bird' },
            { kind: 'snapshot', name: 'egg' },
          ],
        },
      });

    await finish(server, (await server.engine.vms.delete(ADMIN, 'bird', {})).operation);
    await expect(server.engine.images.remove(ADMIN, 'base')).rejects.toMatchObject({ reason: 'image.in_use' });
    await finish(server, (await server.engine.snapshots.delete(ADMIN, 'egg')).operation);
    expect(await server.engine.images.remove(ADMIN, 'base')).toHaveLength(1);
  });
});
