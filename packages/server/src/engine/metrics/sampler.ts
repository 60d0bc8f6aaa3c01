/**
 * Measures VMs that run, a part of them each second. Guests with an open link are asked; of a machine without an agent,
 * or with one that does not answer in time, it is what its host knows. No VM is woken or kept awake by it, and none waits
 * for another: what is measured is stored with the next look. Each server begins anew, which leaves a gap of one interval.
 */
import { VolaryError } from '../../domain/errors.ts';
import type { VmId } from '../../domain/ids.ts';
import type { Reading, Stretch } from '../../domain/metrics/stretch.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { GuestLink, GuestStats } from '../../ports/guest-link.ts';
import type { MetricStore } from '../../ports/metric-store.ts';
import type { EngineDeps } from '../deps.ts';
import { everyVm } from '../queries/every-vm.ts';
import { ANSWER_MS, askStats } from '../sessions/ask-stats.ts';
import { withTimeout } from '../with-timeout.ts';
import { createMeasurements, type Measured } from './measurements.ts';
import { readingOfGuest, readingOfMachine } from './readings.ts';

type Link = Pick<GuestLink, 'stats'>;

type SamplerDeps = Pick<EngineDeps, 'drivers' | 'clock' | 'log'> & {
  readonly store: Pick<EngineDeps['store'], 'vms'>;
  readonly ids: Pick<EngineDeps['ids'], 'random'>;
  /** Those that are open now, as `GuestLinks` has them. */
  readonly links: { all(): ReadonlyMap<VmId, Link> };
  readonly metrics: Pick<MetricStore, 'add'>;
};

/** From one reading of a VM to the next, milliseconds, as long as there are not more VMs than can be asked so often. */
export const INTERVAL_MS = 5_000;
/**
 * By how much an interval may be longer or shorter than that, by chance: so that questions do not fall in step with what
 * a guest does every few seconds.
 */
const JITTER_MS = 1_000;
/** VMs that are asked each second, over a while. */
const MOST_EACH_SECOND = 100;
/** So many times as many may be asked at once: chance makes some seconds busier than others. */
const BUSY_SECOND = 1.25;
/** So many intervals without a reading are a gap. */
export const GAP_INTERVALS = 3;

export interface Sampler {
  /**
   * Stores what was measured since the last look, and asks those whose turn it is without waiting for an answer. To be
   * called each second.
   */
  look(signal: AbortSignal): Promise<void>;
  /** Resolves when nobody is being asked any more and all that was measured is stored. */
  settled(): Promise<void>;
  /** Finds the machines that no agent tells of, and forgets those that are no more. To be called now and then. */
  findMachines(): Promise<void>;
  /** Of all VMs that are measured now; of others there is none. */
  latest(): ReadonlyMap<VmId, Measured>;
}

export function createSampler(deps: SamplerDeps): Sampler {
  const { store, drivers, clock, ids, links, metrics } = deps;
  const measurements = createMeasurements();
  const dueMs = new Map<VmId, number>();
  /** Those who are being asked: nobody is asked again before that is over. */
  const underWay = new Map<VmId, Promise<void>>();
  let measured: Stretch[] = [];
  let agentless: readonly VmId[] = [];
  let gapMs = GAP_INTERVALS * INTERVAL_MS;

  /** What its guest tells; null where it does not answer. */
  async function ask(link: Link, signal: AbortSignal): Promise<GuestStats | null> {
    try {
      return await askStats(clock, link, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof VolaryError)) throw error;
      return null;
    }
  }

  /** Null where it has no machine. */
  async function read(vm: Vm, link: Link | undefined, signal: AbortSignal): Promise<Reading | null> {
    const { vcpuCount, memoryMib } = vm.machine ?? vm.spec;
    const stats = link === undefined ? null : await ask(link, signal);
    if (stats !== null) return readingOfGuest(stats, { atMs: clock.monotonicMs(), vcpuCount });
    const survey = (within: AbortSignal) => drivers.of(vm).surveyMachine(vm.id, { signal: within });
    const told = await withTimeout(clock, ANSWER_MS, signal, survey);
    return told === null ? null : readingOfMachine(told, { atMs: clock.monotonicMs(), vcpuCount, memoryMib });
  }

  async function measure(vmId: VmId, link: Link | undefined, signal: AbortSignal): Promise<void> {
    try {
      const vm = await store.vms.get(vmId);
      // A paused guest answers nothing, and what one does while it starts or ends is not measured.
      if (vm === null || vm.status.phase !== 'running') return;
      const reading = await read(vm, link, signal);
      if (reading === null) return;
      const stretch = measurements.add(vm, reading, { endMs: clock.now(), gapMs });
      if (stretch !== null) measured.push(stretch);
    } catch (error) {
      // What nobody tells in time is a gap. Any other error is a fault of ours.
      if (!signal.aborted && !(error instanceof VolaryError) && !isTimeout(error))
        deps.log.error('a VM could not be measured', { vmId, error });
    }
  }

  /** Who is asked now, those first who have waited longest. */
  function whoIsDue(all: ReadonlySet<VmId>, nowMs: number): readonly VmId[] {
    // A look comes a little early or late: what is due within half a second is due.
    return [...all]
      .filter((vmId) => !underWay.has(vmId))
      .map((vmId) => ({ vmId, atMs: dueMs.get(vmId) ?? Number.NEGATIVE_INFINITY }))
      .filter(({ atMs }) => nowMs >= atMs - 500)
      .toSorted((a, b) => a.atMs - b.atMs)
      .slice(0, Math.ceil(BUSY_SECOND * Math.min(MOST_EACH_SECOND, all.size / (INTERVAL_MS / 1_000))))
      .map(({ vmId }) => vmId);
  }

  async function storeMeasured(): Promise<void> {
    const stretches = measured;
    measured = [];
    if (stretches.length > 0) await metrics.add(stretches);
  }

  return {
    async look(signal) {
      const open = links.all();
      const all = new Set([...open.keys(), ...agentless]);
      for (const vmId of dueMs.keys()) if (!all.has(vmId)) dueMs.delete(vmId);
      const intervalMs = INTERVAL_MS * Math.ceil(all.size / (MOST_EACH_SECOND * (INTERVAL_MS / 1_000)));
      gapMs = GAP_INTERVALS * intervalMs;
      const nowMs = clock.monotonicMs();
      for (const vmId of whoIsDue(all, nowMs)) {
        dueMs.set(vmId, nowMs + intervalMs + JITTER_MS * (2 * ids.random() - 1));
        const asked = measure(vmId, open.get(vmId), signal).finally(() => underWay.delete(vmId));
        underWay.set(vmId, asked);
      }
      await storeMeasured();
    },
    async settled() {
      await Promise.all(underWay.values());
      await storeMeasured();
    },
    async findMachines() {
      const open = links.all();
      const found: VmId[] = [];
      const alive = new Set<VmId>();
      for await (const { id, status } of everyVm(store)) {
        if (status.phase === 'running' && !open.has(id)) found.push(id);
        if (status.phase !== 'stopped' && status.phase !== 'failed') alive.add(id);
      }
      agentless = found;
      measurements.keepOnly(alive);
    },
    latest: () => measurements.since(clock.monotonicMs() - gapMs),
  };
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError';
}
