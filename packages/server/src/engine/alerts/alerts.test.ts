import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import { createSystemIds } from '../../adapters/system/system-ids.ts';
import { ALERT_DEFAULTS, type AlertSettings } from '../../domain/alert/alert.ts';
import type { Event } from '../../domain/events.ts';
import type { VmId } from '../../domain/ids.ts';
import { type Figures, figuresWith } from '../../domain/metrics/stretch.ts';
import { until } from '../../lib/testing/until.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import type { Measured } from '../metrics/measurements.ts';
import { finish, soon } from '../vm-life.test-kit.ts';
import { createAlertWatch } from './alert-watch.ts';

let installation: Installation;

afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function create(server: TestServer, name: string, labels: Record<string, string> = {}): Promise<VmId> {
  const { operation, vm } = await server.engine.vms.create(ADMIN, {
    ...{ name, spec: { vcpuCount: 2 }, labels, metadata: {}, start: true, warmStart: 'auto' },
  });
  await finish(server, operation);
  return vm.id;
}

async function alertEvents({ store }: TestServer): Promise<readonly Event[]> {
  return await store.events.list({ types: ['alert.fired', 'alert.resolved'], after: 0, limit: 100 });
}

describe('the watch', () => {
  const system = createSystemClock();
  const turns = { share: async () => undefined };
  let server: TestServer;
  let vmId: VmId;
  let lines: string[];
  let monotonicMs: number;
  let latest: Map<VmId, Measured>;

  beforeEach(async () => {
    installation = createInstallation({ settings: { alertsMs: 60_000 } });
    server = await installation.start();
    vmId = await create(server, 'bird');
    [lines, monotonicMs, latest] = [[], 0, new Map()];
  });

  /** A watch as a server has it, with settings of its own. */
  function watch(settings: Partial<AlertSettings> = {}) {
    const log = createPinoLog({ level: 'info', stream: { write: (line) => void lines.push(line) } });
    return createAlertWatch({
      ...{ store: server.store, bus: server.bus, turns, log, ids: createSystemIds() },
      clock: { ...system, monotonicMs: () => monotonicMs },
      sampler: { latest: () => latest },
      settings: { ...ALERT_DEFAULTS, forMs: 60_000, ...settings },
    });
  }

  /** So told by its guest, with its processors so busy. */
  function measuredAs(known: Partial<Figures>, cpu = 5): Measured {
    const figures = figuresWith(known);
    return {
      reading: { atMs: monotonicMs, teller: 'itself', uptimeMs: 1, vcpuCount: 2, cpuUsedMs: 0, figures },
      stretch: { subject: vmId, endMs: 0, lengthMs: 1_000, cpuUsedMs: cpu * 10, figures },
    };
  }

  /** Its processors so busy; and so much of the memory and the disk in use. Percent. */
  function measured({ cpu = 5, memory = 5, disk = 5 }): Measured {
    const sizes = { memoryTotalBytes: 100, diskTotalBytes: 100 };
    return measuredAs({ ...sizes, memoryUsedBytes: memory, diskUsedBytes: disk }, cpu);
  }

  async function lookAfter(watching: ReturnType<typeof watch>, seconds: number, figures: Measured | null) {
    monotonicMs += seconds * 1_000;
    latest = new Map(figures === null ? [] : [[vmId, figures]]);
    await watching.look(soon.signal);
  }

  it.each([
    ['cpu', { cpu: 95 }, 'Its processors are busy 95 % of the time.'],
    ['memory', { memory: 95 }, '95 % of its memory is used.'],
    ['disk', { disk: 95 }, '95 % of the file system of its root is used.'],
  ] as const)(
    'fires once for too much %s, as a row, an event and a warning, and says when it is over',
    async (kind, high, message) => {
      const watching = watch();
      await lookAfter(watching, 5, measured(high));
      expect(await server.engine.alerts.count(ADMIN, {})).toBe(0);

      await lookAfter(watching, 60, measured(high));
      await lookAfter(watching, 60, measured(high));
      const { items } = await server.engine.alerts.list(ADMIN, { limit: 10, after: null });
      await lookAfter(watching, 5, measured({}));
      await lookAfter(watching, 60, measured({}));
      const after = await server.engine.alerts.list(ADMIN, { limit: 10, after: null });

      expect(items).toMatchObject([{ kind, vmId, vmName: 'bird', state: 'firing', threshold: 90, value: 95, message }]);
      expect(after.items).toMatchObject([{ id: items[0]?.id, state: 'resolved' }]);
      const data = { kind, name: 'bird', threshold: 90, value: 95 };
      expect(await alertEvents(server)).toMatchObject([
        { type: 'alert.fired', subject: items[0]?.id, vmId, owner: 'admin', data: { ...data, message } },
        { type: 'alert.resolved', subject: items[0]?.id, vmId, data: { ...data, message: 'It has recovered.' } },
      ]);
      const levels = lines
        .map((line) => JSON.parse(line))
        .map(({ level, message: said, kind: of }) => [level, said, of]);
      expect(levels).toEqual([
        ['warn', 'an alert fires', kind],
        ['info', 'an alert is resolved', kind],
      ]);
    },
  );

  it('leaves all as it is between the thresholds, and while nothing is measured', async () => {
    const watching = watch();
    for (const seconds of [5, 60]) await lookAfter(watching, seconds, measured({ cpu: 99 }));
    for (const seconds of [60, 60]) await lookAfter(watching, seconds, measured({ cpu: 85 }));
    for (const seconds of [60, 60]) await lookAfter(watching, seconds, null);

    expect(await server.engine.alerts.count(ADMIN, { state: 'firing' })).toBe(1);
  });

  it('is not decided by what nobody tells of a guest, nor by what its monitor holds of memory', async () => {
    const watching = watch();
    const outside = measuredAs({ memoryTotalBytes: 100, memoryHeldBytes: 100 }, 99);
    for (const seconds of [5, 60, 60]) await lookAfter(watching, seconds, outside);

    const { items } = await server.engine.alerts.list(ADMIN, { limit: 10, after: null });
    expect(items.map(({ kind }) => kind)).toEqual(['cpu']);
  });

  it('goes by the thresholds of a VM of its own, which are changed while it is watched', async () => {
    const { vms, alerts } = server.engine;
    const watching = watch({ diskPercent: null });
    const firing = async () => (await alerts.list(ADMIN, { limit: 10, after: null, state: 'firing' })).items;
    await vms.update(ADMIN, 'bird', { alerts: { cpuPercent: 50, memoryPercent: 'off', diskPercent: 70 } }, {});

    const busy = { cpu: 60, memory: 99, disk: 75 };
    for (const seconds of [5, 60]) await lookAfter(watching, seconds, measured(busy));
    expect(new Map((await firing()).map(({ kind, threshold }) => [kind, threshold]))).toEqual(
      new Map([
        ['cpu', 50],
        ['disk', 70],
      ]),
    );

    await vms.update(ADMIN, 'bird', { alerts: { cpuPercent: 65, diskPercent: null } }, {});
    await lookAfter(watching, 60, measured(busy));
    await lookAfter(watching, 60, measured(busy));
    // What is not watched any more is resolved; what fires does until it is below the new margin, which 60 is not.
    expect((await firing()).map(({ kind }) => kind)).toEqual(['cpu']);

    await vms.update(ADMIN, 'bird', { alerts: { cpuPercent: null, memoryPercent: null } }, {});
    for (const seconds of [60, 60]) await lookAfter(watching, seconds, measured(busy));
    expect((await firing()).map(({ kind, threshold }) => [kind, threshold])).toEqual([['memory', 90]]);
  });

  it('knows nothing of what was while a kind was not watched', async () => {
    const { vms, alerts } = server.engine;
    const watching = watch();
    await lookAfter(watching, 5, measured({ cpu: 95 }));
    await vms.update(ADMIN, 'bird', { alerts: { cpuPercent: 'off' } }, {});
    await lookAfter(watching, 30, measured({ cpu: 95 }));
    await vms.update(ADMIN, 'bird', { alerts: { cpuPercent: 90 } }, {});
    await lookAfter(watching, 30, measured({ cpu: 95 }));

    expect(await alerts.count(ADMIN, { state: 'firing' })).toBe(0);
    await lookAfter(watching, 60, measured({ cpu: 95 }));
    expect(await alerts.count(ADMIN, { state: 'firing' })).toBe(1);
  });

  it('fires for a VM whose agent does not answer, and not for one that has not been asked yet', async () => {
    const watching = watch({ healthForMs: 30_000 });
    const vm = await server.engine.vms.get(ADMIN, 'bird');
    await server.store.vms.update({ ...vm, health: 'degraded', revision: vm.revision + 1 });
    for (const seconds of [5, 30]) await lookAfter(watching, seconds, null);
    const [alert] = (await server.engine.alerts.list(ADMIN, { limit: 10, after: null })).items;
    await server.store.vms.update({ ...vm, health: 'unknown', revision: vm.revision + 2 });
    for (const seconds of [5, 60]) await lookAfter(watching, seconds, null);

    expect(alert).toMatchObject({
      kind: 'health',
      threshold: null,
      value: null,
      message: 'Its agent does not answer.',
    });
    expect(await server.engine.alerts.count(ADMIN, { state: 'firing', kind: 'health', vm: 'bird' })).toBe(1);
  });

  it('goes on with what fires after a restart, without firing it again', async () => {
    const first = watch();
    for (const seconds of [5, 60]) await lookAfter(first, seconds, measured({ memory: 95 }));

    const second = watch();
    for (const seconds of [5, 60]) await lookAfter(second, seconds, measured({ memory: 95 }));
    expect(await alertEvents(server)).toHaveLength(1);
    for (const seconds of [5, 60]) await lookAfter(second, seconds, measured({}));

    expect((await alertEvents(server)).map(({ type }) => type)).toEqual(['alert.fired', 'alert.resolved']);
  });

  it.each([
    [
      'is stopped',
      'The VM does not run any more.',
      async () => await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 0 }),
    ],
    ['is deleted', 'The VM is gone.', async () => await server.engine.vms.delete(ADMIN, 'bird', {})],
  ])('resolves what was wrong with a VM that %s', async (_, why, end) => {
    const watching = watch();
    for (const seconds of [5, 60]) await lookAfter(watching, seconds, measured({ cpu: 99 }));

    await finish(server, (await end()).operation);
    await lookAfter(watching, 5, null);

    expect((await alertEvents(server)).at(-1)).toMatchObject({ type: 'alert.resolved', data: { message: why } });
    expect(await server.engine.alerts.count(ADMIN, { state: 'firing' })).toBe(0);
    expect(await server.engine.alerts.count(ADMIN, { vm: vmId })).toBe(1);
  });

  it('resolves what is not watched any more', async () => {
    for (const settings of [{}, { cpuPercent: null }]) {
      const watching = watch(settings);
      for (const seconds of [5, 60]) await lookAfter(watching, seconds, measured({ cpu: 99 }));
    }

    expect((await alertEvents(server)).at(-1)).toMatchObject({ data: { message: 'It is not watched any more.' } });
  });

  it('is told of to those who may read the VM', async () => {
    const watching = watch();
    for (const seconds of [5, 60]) await lookAfter(watching, seconds, measured({ cpu: 99 }));
    const own = new Set(['vm:read'] as const);
    const bob = { ...ADMIN, name: 'bob', rights: { all: new Set<never>(), own } };
    const nobody = { ...ADMIN, rights: { all: new Set<never>(), own: new Set<never>() } };
    const all = { limit: 10, after: null };

    expect((await server.engine.alerts.list(bob, all)).items).toEqual([]);
    expect(await server.engine.alerts.count(bob, {})).toBe(0);
    await expect(server.engine.alerts.list(nobody, all)).rejects.toMatchObject({ reason: 'access.denied' });
    await expect(server.engine.alerts.count(nobody, {})).rejects.toMatchObject({ reason: 'access.denied' });
  });
});

describe('a server', () => {
  it('fires an alert for a VM whose processors are busy, counts it, and has it after its restart', async () => {
    installation = createInstallation({
      settings: { sampleMs: 20, alertsMs: 20 },
      alerts: { forMs: 100 },
    });
    const first = await installation.start();
    await create(first, 'calm');
    await create(first, 'busy', { 'simulate.cpu_percent': '200' });
    const firing = { limit: 10, after: null, state: 'firing' } as const;
    const items = await until(async () => {
      const page = await first.engine.alerts.list(ADMIN, firing);
      return page.items.some(({ kind }) => kind === 'cpu') && page.items;
    }, 'an alert of busy processors');
    const text = await first.engine.monitoring.scrape(ADMIN);
    await first.stop();
    const second = await installation.start();

    expect(items.filter(({ kind }) => kind === 'cpu').map(({ vmName }) => vmName)).toEqual(['busy']);
    expect(text).toContain('volary_alerts{kind="cpu"} 1');
    expect((await second.engine.alerts.list(ADMIN, { ...firing, kind: 'cpu' })).items).toEqual(
      items.filter(({ kind }) => kind === 'cpu'),
    );
  });
});
