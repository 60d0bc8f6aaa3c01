/**
 * The pool of spares: machines restored from warm templates ahead of the VMs that they are for, and halted.
 *
 *   asked for -> expected again -> made, when nobody is in a hurry -> taken by a new VM, which has its id
 *                     '-> not any more, or the memory is needed -> ended
 *
 * Only this object knows them: they have no row, and nobody can name them. A server that was killed leaves its own behind, and the next one ends
 * those before it makes any. A spare that was taken belongs to the VM from the moment when that is stored.
 */
import type { VmId } from '../../domain/ids.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { allotSpares } from './allot-spares.ts';
import { createDemand } from './demand.ts';
import { shapeKeyOf, type WarmShape } from './shape.ts';

/** A machine that waits for its VM. */
export interface Spare extends WarmShape {
  readonly vmId: VmId;
  /** The template it was restored from. */
  readonly key: string;
}

export interface SparePool {
  /** A VM like this has come to be: another one may be asked for soon. */
  note(shape: WarmShape): void;
  /** A spare of this kind, which is no longer the pool's; null where there is none. */
  take(shape: WarmShape): Spare | null;
  /** It was not needed after all. */
  putBack(spare: Spare): void;
  /** Ends all that there are, since their memory is needed; answers how many there were. */
  release(): Promise<number>;
  /** Ends those of a template that is not to be used any more. */
  dropTemplate(key: string): Promise<void>;
  /** Something has changed that it may be possible to make spares from. */
  wake(): void;
  /** Keeps the pool as large as it is to be until the signal is aborted, and leaves nothing. */
  run(options: { readonly signal: AbortSignal }): Promise<void>;
}

type PoolDeps = Pick<EngineDeps, 'driver' | 'images' | 'store' | 'clock' | 'ids' | 'hostProbe' | 'log'> & {
  readonly config: EngineConfig;
};

const HALF_LIFE_MS = 10 * 60_000;
/** What somebody does first in a new VM goes before the making of spares. */
const CALM_MS = 500;
/** How often the pool is looked at although nothing has happened. */
const LOOK_MS = 15_000;
/** How long a kind whose spare could not be made is left alone. */
const LEAVE_ALONE_MS = 60_000;

export function createSparePool(deps: PoolDeps): SparePool {
  const { driver, clock, log, config } = deps;
  const { warm } = driver;
  const demand = createDemand({ halfLifeMs: HALF_LIFE_MS });
  const shapes = new Map<string, WarmShape>();
  const failedAtMs = new Map<string, number>();
  let spares: readonly Spare[] = [];
  let askedAtMs = Number.NEGATIVE_INFINITY;
  /** Something has changed since the last look; whoever rests is told. */
  let hasNews = false;
  let tell = (): void => undefined;

  function wake(): void {
    hasNews = true;
    tell();
  }

  const isOf =
    (kind: string) =>
    (spare: Spare): boolean =>
      shapeKeyOf(spare) === kind;

  async function end({ vmId }: Pick<Spare, 'vmId'>): Promise<void> {
    const { signal } = new AbortController();
    try {
      await driver.endMachine(vmId, { signal });
      await driver.deleteDisk(vmId, { signal });
    } catch (error) {
      // The next server finds it.
      log.warn('a spare machine could not be ended', { vmId, error });
    }
  }

  async function endAll(these: readonly Spare[]): Promise<void> {
    spares = spares.filter((spare) => !these.includes(spare));
    await Promise.all(these.map(end));
  }

  /** A former server's. Those that it gave to a VM are that VM's. */
  async function endLeftOver(signal: AbortSignal): Promise<void> {
    for (const { vmId, isSpare } of await driver.findAll({ signal }))
      if (isSpare && (await deps.store.vms.get(vmId)) === null) await end({ vmId });
  }

  function allotment(nowMs: number): ReadonlyMap<string, number> {
    const expected = demand.expected(nowMs).flatMap((each) => {
      const shape = shapes.get(each.kind);
      return shape === undefined ? [] : [{ ...each, memoryMib: shape.spec.memoryMib }];
    });
    for (const kind of shapes.keys()) if (!expected.some((each) => each.kind === kind)) shapes.delete(kind);
    return allotSpares(expected, { memoryMib: config.warm.poolMemoryMib, count: config.warm.poolCount });
  }

  async function endSurplus(allotted: ReadonlyMap<string, number>): Promise<void> {
    const kept = new Map<string, number>();
    const surplus = spares.filter((spare) => {
      const kind = shapeKeyOf(spare);
      const count = (kept.get(kind) ?? 0) + 1;
      kept.set(kind, count);
      return count > (allotted.get(kind) ?? 0);
    });
    await endAll(surplus);
  }

  /** A kind of which there are too few, and for which there is a template. */
  async function findWanted(
    allotted: ReadonlyMap<string, number>,
    signal: AbortSignal,
  ): Promise<{ readonly shape: WarmShape; readonly make: () => Promise<Spare> } | null> {
    const nowMs = clock.monotonicMs();
    const { memoryAvailableMib } = await deps.hostProbe.measure();
    const images = await deps.images.list();
    for (const [kind, count] of allotted) {
      const shape = shapes.get(kind);
      const image = images.find(({ digest }) => digest === shape?.imageDigest);
      const isLeftAlone = nowMs - (failedAtMs.get(kind) ?? Number.NEGATIVE_INFINITY) < LEAVE_ALONE_MS;
      if (warm === null || shape === undefined || image === undefined || isLeftAlone) continue;
      if (spares.filter(isOf(kind)).length >= count) continue;
      if (memoryAvailableMib < shape.spec.memoryMib + config.limits.memoryReserveMib) continue;
      const vmId = deps.ids.create('vm');
      const machine = { vmId, incarnation: 1, spec: shape.spec, image };
      const template = await warm.find({ ...machine, name: 'spare', labels: {} }, { signal });
      if (template === null) continue;
      const { key } = template;
      const make = async (): Promise<Spare> => {
        await warm.startSpare(machine, { key, signal });
        return { ...shape, vmId, key };
      };
      return { shape, make };
    }
    return null;
  }

  /** Resolves when nobody has asked for a VM for a moment. */
  async function calm(signal: AbortSignal): Promise<void> {
    for (;;) {
      const leftMs = CALM_MS - (clock.monotonicMs() - askedAtMs);
      if (leftMs <= 0) return;
      await clock.sleep(leftMs, { signal });
    }
  }

  /** One step towards the size that the pool is to have; false: it has it. */
  async function step(signal: AbortSignal): Promise<boolean> {
    const allotted = allotment(clock.monotonicMs());
    await endSurplus(allotted);
    await calm(signal);
    const wanted = await findWanted(allotted, signal);
    if (wanted === null) return false;
    try {
      spares = [...spares, await wanted.make()];
    } catch (error) {
      signal.throwIfAborted();
      failedAtMs.set(shapeKeyOf(wanted.shape), clock.monotonicMs());
      log.warn('a spare machine could not be made', { image: wanted.shape.spec.image, error });
    }
    return true;
  }

  async function rest(signal: AbortSignal): Promise<void> {
    const told = new AbortController();
    tell = () => told.abort(new DOMException('there is something to do', 'AbortError'));
    if (hasNews) tell();
    await clock.sleep(LOOK_MS, { signal: AbortSignal.any([signal, told.signal]) }).catch((error: unknown) => {
      if (!told.signal.aborted) throw error;
    });
  }

  async function keepFilled(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      hasNews = false;
      try {
        if (!(await step(signal))) await rest(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn('the pool of spare machines could not be looked after', { error });
        await clock.sleep(LOOK_MS, { signal });
      }
    }
  }

  return {
    note(shape) {
      const kind = shapeKeyOf(shape);
      shapes.set(kind, shape);
      demand.note(kind, clock.monotonicMs());
      askedAtMs = clock.monotonicMs();
      wake();
    },
    take(shape) {
      askedAtMs = clock.monotonicMs();
      const kind = shapeKeyOf(shape);
      const found = spares.find(isOf(kind)) ?? null;
      spares = spares.filter((spare) => spare !== found);
      return found;
    },
    putBack(spare) {
      spares = [...spares, spare];
      wake();
    },
    async release() {
      const all = spares;
      await endAll(all);
      return all.length;
    },
    dropTemplate: (key) => endAll(spares.filter((spare) => spare.key === key)),
    wake,
    async run({ signal }) {
      try {
        await endLeftOver(signal);
        if (warm !== null && config.warm.isEnabled) await keepFilled(signal);
      } catch (error) {
        if (!signal.aborted) log.error('there are no spare machines', { error });
      } finally {
        await endAll(spares);
      }
    },
  };
}
