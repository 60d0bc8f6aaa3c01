import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HostId, parseId, type VmId } from '../domain/ids.ts';
import {
  type Figures,
  figuresWith,
  isLevel,
  type MetricSubject,
  mapFigures,
  type Stretch,
} from '../domain/metrics/stretch.ts';
import { METRIC_INTERVALS, type MetricPoint, RESOLUTIONS, together } from '../domain/metrics/view.ts';
import type { MetricStore } from './metric-store.ts';

/** Two VMs of nobody's. */
export const [VM, OTHER] = [vmId('vm_01k8x0y6pbfqz9v3n4h5j6k7m8'), vmId('vm_01k8x0y6pbfqz9v3n4h5j6k7m9')];
/** The one that they run on. */
const HOST = hostId('host_01k8x0y6pbfqz9v3n4h5j6k7m8');
const HOUR_MS = 3_600_000;
/** A whole number of steps of every kind. */
const NOON = 500_000 * 900_000;
const ALL = { stepMs: 5_000, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER };

function vmId(text: string): VmId {
  const id = parseId('vm', text);
  if (id === null) throw new TypeError(`${text} is no id of a VM`);
  return id;
}

function hostId(text: string): HostId {
  const id = parseId('host', text);
  if (id === null) throw new TypeError(`${text} is no id of a host`);
  return id;
}

interface Amounts {
  readonly subject?: MetricSubject;
  readonly cpuUsedMs?: number;
  readonly amount?: number;
  readonly lengthMs?: number;
}

function stretch(endMs: number, amounts: Amounts = {}): Stretch {
  const { subject = VM, cpuUsedMs = 1_000, amount = 10, lengthMs = 5_000 } = amounts;
  return { subject, endMs, lengthMs, cpuUsedMs, figures: mapFigures(() => amount) };
}

/** Of a point, with so much in figures that grow, and in those that do not, told all of some time. */
function told(ms: number, counted: number, level: number): MetricPoint['figures'] {
  return mapFigures((name) => ({ ms, amount: isLevel(name) ? level : counted }));
}

/** What every store of measurements does. `open` gives one with nothing in it. */
export function metricStoreContract(name: string, open: () => Promise<MetricStore>): void {
  describe(`${name} fulfils the metric store contract`, () => {
    let store: MetricStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store[Symbol.asyncDispose]());

    it('has a point for each step in which something was measured, and none for others', async () => {
      await store.add([
        stretch(NOON + 5_000),
        stretch(NOON + 20_000, { amount: 30 }),
        stretch(NOON, { subject: OTHER }),
      ]);

      const points = await store.read(VM, ALL);

      expect(points.map(({ atMs }) => atMs)).toEqual([NOON, NOON + 15_000]);
      expect(points[1]).toEqual({
        ...{ atMs: NOON + 15_000, coveredMs: 5_000, cpuUsedMs: 1_000, figures: told(5_000, 30, 30) },
      } satisfies MetricPoint);
    });

    it('adds sums up and averages levels over time, in every resolution', async () => {
      const stretches = Array.from({ length: 12 }, (_, at) => stretch(NOON + (at + 1) * 5_000, { amount: at }));
      await store.add(stretches);
      await store.add([stretch(NOON + 61_000, { lengthMs: 1_000, amount: 1 })]);

      const [minute, next] = await store.read(VM, { ...ALL, stepMs: 60_000 });
      const [quarter] = await store.read(VM, { ...ALL, stepMs: 900_000 });

      expect(minute).toMatchObject({ atMs: NOON, coveredMs: 60_000, cpuUsedMs: 12_000 });
      expect(minute?.figures).toEqual(told(60_000, 66, 5.5));
      expect(next).toMatchObject({ atMs: NOON + 60_000, coveredMs: 1_000 });
      expect(quarter).toMatchObject({ atMs: NOON, coveredMs: 61_000 });
      expect(together(await store.read(VM, ALL), NOON)).toEqual(quarter);
      expect(quarter?.figures).toMatchObject({ diskReads: { ms: 61_000, amount: 67 }, processCount: { ms: 61_000 } });
    });

    it('shares a stretch out over the steps that it lies in, by time', async () => {
      await store.add([stretch(NOON + 11_000, { amount: 50, cpuUsedMs: 2_500, lengthMs: 10_000 })]);

      const points = await store.read(VM, ALL);
      const [minute] = await store.read(VM, { ...ALL, stepMs: 60_000 });

      expect(points.map(({ atMs, coveredMs }) => [atMs - NOON, coveredMs])).toEqual([
        [0, 4_000],
        [5_000, 5_000],
        [10_000, 1_000],
      ]);
      expect(points[0]).toMatchObject({ cpuUsedMs: 1_000, figures: told(4_000, 20, 50) });
      expect(minute).toMatchObject({ coveredMs: 10_000, cpuUsedMs: 2_500, figures: told(10_000, 50, 50) });
      expect(together(points, NOON)).toMatchObject({ coveredMs: 10_000, figures: told(10_000, 50, 50) });
    });

    it('leaves out no step where readings are a little further apart than steps are long', async () => {
      const stretches = Array.from({ length: 700 }, (_, at) => stretch(NOON + (at + 1) * 5_100, { lengthMs: 5_100 }));
      await store.add(stretches);

      const points = await store.read(VM, { ...ALL, untilMs: NOON + 3_500_000 });

      expect(points.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 700 }, (_, at) => NOON + at * 5_000));
      for (const { coveredMs } of points) expect(coveredMs).toBeCloseTo(5_000);
    });

    it('tells of each figure in how much of the time somebody told it, and what that came to', async () => {
      const from = (known: Partial<Figures>, endMs: number): Stretch => ({
        ...stretch(endMs),
        figures: figuresWith(known),
      });
      await store.add([
        from({ diskReads: 10, memoryHeldBytes: 100, cpuUserMs: 4 }, NOON + 5_000),
        from({ diskReads: 7, memoryHeldBytes: 300 }, NOON + 10_000),
        from({ diskReads: 1, processCount: 3 }, NOON + 17_500),
      ]);

      const [minute] = await store.read(VM, { ...ALL, stepMs: 60_000 });
      const points = await store.read(VM, ALL);

      const nobody = { ms: 0, amount: 0 };
      expect(minute?.figures).toEqual({
        ...mapFigures(() => nobody),
        ...{ diskReads: { ms: 15_000, amount: 18 }, memoryHeldBytes: { ms: 10_000, amount: 200 } },
        ...{ cpuUserMs: { ms: 5_000, amount: 4 }, processCount: { ms: 5_000, amount: 3 } },
      });
      expect(together(points, NOON).figures).toEqual(minute?.figures);
      expect(points.at(-1)?.figures).toMatchObject({
        ...{ diskReads: { ms: 2_500, amount: 0.5 }, processCount: { ms: 2_500, amount: 3 }, diskWrites: nobody },
      });
    });

    it('takes what nobody told for unknown, however its time was shared out and added up', async () => {
      const stretches = Array.from({ length: 500 }, (_, at) => ({
        ...stretch(NOON + (at + 1) * 5_123.4567, { lengthMs: 5_123.4567 }),
        figures: figuresWith({ diskReads: 1 }),
      }));
      await store.add(stretches);

      for (const { stepMs } of RESOLUTIONS) {
        const points = await store.read(VM, { ...ALL, stepMs });
        expect(new Set(points.map(({ figures }) => figures.processCount.ms))).toEqual(new Set([0]));
        expect(together(points, NOON).figures.diskReads.amount).toBeCloseTo(500);
      }
    });

    it('gives the points that begin in a range', async () => {
      await store.add([5, 10, 15, 20].map((seconds) => stretch(NOON + seconds * 1_000)));

      const points = await store.read(VM, { stepMs: 5_000, fromMs: NOON + 5_000, untilMs: NOON + 15_000 });

      expect(points.map(({ atMs }) => atMs - NOON)).toEqual([5_000, 10_000]);
    });

    it('forgets VMs that are no more, and no others', async () => {
      await store.add([stretch(NOON), stretch(NOON, { subject: OTHER })]);
      expect((await store.vms()).toSorted()).toEqual([VM, OTHER]);

      await store.forget([VM]);

      expect(await store.vms()).toEqual([OTHER]);
      expect(await store.read(VM, ALL)).toEqual([]);
    });

    it('has a host beside VMs, which is none of them and is dropped as they are', async () => {
      await store.add([stretch(NOON, { subject: HOST }), stretch(NOON - 3 * HOUR_MS, { subject: HOST })]);

      expect(await store.read(HOST, ALL)).toHaveLength(2);
      expect(await store.vms()).toEqual([]);
      await store.prune({ nowMs: NOON, maxBytes: Number.MAX_SAFE_INTEGER });
      expect(await store.read(HOST, ALL)).toHaveLength(1);
    });

    it('keeps each resolution as long as is said, and a day and a week of them', async () => {
      const ages = [1, 3, 40, 7 * 24, 9 * 24].map((hours) => stretch(NOON - hours * HOUR_MS));
      await store.add(ages);

      await store.prune({ nowMs: NOON, maxBytes: Number.MAX_SAFE_INTEGER });

      const left = await Promise.all(
        RESOLUTIONS.map(async ({ stepMs }) => (await store.read(VM, { ...ALL, stepMs })).length),
      );
      expect(left).toEqual([1, 2, 4]);
      for (const { lengthMs, stepMs } of Object.values(METRIC_INTERVALS))
        expect(RESOLUTIONS.find((each) => each.stepMs === stepMs)?.keepMs).toBeGreaterThanOrEqual(lengthMs);
    });

    it('drops the finest first when it takes too much, and keeps what views are made of', async () => {
      await store.add(Array.from({ length: 750 }, (_, at) => stretch(NOON - at * 900_000)));
      await store.add(Array.from({ length: 1_400 }, (_, at) => stretch(NOON - at * 5_000)));
      const count = async (stepMs: number) => (await store.read(VM, { ...ALL, stepMs })).length;
      await store.prune({ nowMs: NOON, maxBytes: Number.MAX_SAFE_INTEGER });
      const [, minutes, quarters] = await Promise.all(RESOLUTIONS.map(({ stepMs }) => count(stepMs)));

      await store.prune({ nowMs: NOON, maxBytes: (await store.usage()) * 0.7 });
      expect(await Promise.all([count(60_000), count(900_000)])).toEqual([minutes, quarters]);
      expect(await count(5_000)).toBeLessThan(1_000);

      await store.prune({ nowMs: NOON, maxBytes: (await store.usage()) * 0.8 });
      expect(await count(900_000)).toBe(quarters);
      for (const { lengthMs, stepMs } of Object.values(METRIC_INTERVALS))
        expect(await store.read(VM, { stepMs, fromMs: NOON - lengthMs, untilMs: NOON })).toHaveLength(
          lengthMs / stepMs,
        );
    });

    it('has nothing to say against itself while it keeps what it is given', async () => {
      await store.add([stretch(NOON)]);

      expect(store.whyNot()).toBeNull();
    });

    it('drops the oldest when it takes too much, and keeps what is new', async () => {
      const many = Array.from({ length: 1_400 }, (_, at) => stretch(NOON - at * 5_000));
      await store.add(many);

      expect(await store.usage()).toBeGreaterThan(150_000);
      await store.prune({ nowMs: NOON, maxBytes: 150_000 });
      expect(await store.usage()).toBeLessThanOrEqual(150_000);

      const left = await store.read(VM, ALL);
      expect(left.length).toBeLessThan(1_000);
      expect(left.at(-1)?.atMs).toBe(NOON - 5_000);
    });
  });
}
