import { afterEach, beforeEach, expect, test } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import type { DiskSpec, Driver, WarmTemplate } from '../../ports/driver.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { create, finish } from '../vm-life.test-kit.ts';

/* When VMs begin warm, and what becomes of those that cannot, with templates that are nothing but their keys. */

let installation: Installation;
let templates: Map<string, WarmTemplate>;
let begunFrom: (string | null)[];
let built: PromiseWithResolvers<void>;

beforeEach(() => {
  installation = createInstallation();
  templates = new Map();
  begunFrom = [];
  built = Promise.withResolvers();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

const keyOf = ({ spec }: DiskSpec): string => `${spec.memoryMib} MiB`;

function templateFor({ spec, image }: DiskSpec, key: string): WarmTemplate {
  const { vcpuCount, memoryMib, diskGib } = spec;
  const sizes = { diskBytes: diskGib * 1024 ** 3, sizeBytes: 1, haltedMs: 1, usedAt: 1 };
  return { key, vcpuCount, memoryMib, imageDigest: image.digest, ...sizes };
}

/** A host with warm templates; `begin` is asked at each start from one. */
function warmHost(begin: () => Promise<void>, build: () => Promise<void> = async () => undefined) {
  return (driver: Driver): Driver => ({
    ...driver,
    warm: {
      find: async (machine) => templates.get(keyOf(machine)) ?? null,
      async build(machine) {
        const template = templateFor(machine, keyOf(machine));
        try {
          await build();
          templates.set(template.key, template);
          return template;
        } finally {
          built.resolve();
        }
      },
      list: async () => [...templates.values()],
      remove: async (key) => void templates.delete(key),
    },
    async startMachine({ from, ...machine }, options) {
      begunFrom.push(from?.kind === 'warm' ? from.key : null);
      if (from !== undefined) await begin();
      return await driver.startMachine(machine, options);
    },
  });
}

async function typesToldOf(server: TestServer, name: string): Promise<readonly string[]> {
  const events = await server.engine.events.list(ADMIN, { after: 0, limit: 200 });
  return events.filter(({ data }) => data['name'] === name).map(({ type }) => type);
}

test('the first VM of a kind boots, and those after it begin from what it has left', { timeout: 20_000 }, async () => {
  const server = await installation.start(warmHost(async () => undefined));
  await create(server, 'first');
  await built.promise;

  await create(server, 'second');
  await finish(server, (await server.engine.vms.restart(ADMIN, 'second', { graceMs: 0 })).operation);

  expect(begunFrom).toEqual([null, '256 MiB', null]);
  expect(await server.engine.vms.get(ADMIN, 'second')).toMatchObject({ status: { phase: 'running' }, incarnation: 2 });
});

test('a template that cannot be begun from is removed and told of, and its VM boots', { timeout: 20_000 }, async () => {
  const server = await installation.start(
    warmHost(async () => {
      throw new VolaryError('data_loss', 'Not what it was.', { reason: 'snapshot.damaged' });
    }),
  );
  await create(server, 'first');
  await built.promise;

  expect(await create(server, 'second')).toMatchObject({ state: 'succeeded' });

  expect(begunFrom).toEqual([null, '256 MiB', null]);
  expect(templates.size).toBe(0);
  expect(await typesToldOf(server, 'second')).toContain('vm.warm_start_failed');
});

test('a kind of machine whose template cannot be made boots, and is not tried again at once', {
  timeout: 20_000,
}, async () => {
  let attempts = 0;
  const server = await installation.start(
    warmHost(
      async () => undefined,
      async () => {
        attempts += 1;
        throw new VolaryError('resource_exhausted', 'The disk is full.', { reason: 'driver.disk_full' });
      },
    ),
  );
  await create(server, 'first');
  await built.promise;

  expect(await create(server, 'second')).toMatchObject({ state: 'succeeded' });
  expect(begunFrom).toEqual([null, null]);
  expect(attempts).toBe(1);
});
