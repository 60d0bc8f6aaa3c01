/**
 * The pool of spares: machines restored from warm templates ahead of the VMs that they are for, and halted.
 *
 *   asked for -> expected again -> made, when nobody is in a hurry -> taken by a new VM, which has its id
 *                     '-> not any more, or the memory is needed -> ended
 *
 * Only this object knows them: they have no row, and nobody can name them. A server that was killed leaves its own behind, and the next one ends
 * those before it makes any. A spare that was taken belongs to the VM from the moment when that is stored.
 */
import type { Image } from '../../domain/image/image.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import type { Measures } from '../monitoring/measures.ts';
import { allotSpares } from './allot-spares.ts';
import { createDemand } from './demand.ts';
import { shapeKeyOf } from './shape.ts';
import { createSpareMaker, type Spare, type SparePlan } from './spare-maker.ts';

export interface SparePool {
  /** A VM like this has come to be: another one may be asked for soon. */
  note(spec: VmSpec): void;
  /** A spare of this kind, which is no longer the pool's; null where there is none. */
  take(spec: VmSpec): Spare | null;
  /** It was not needed after all. */
  putBack(spare: Spare): void;
  /** All that there are. */
  list(): readonly Spare[];
  /** Ends all that there are, since their memory is needed; answers how many there were. */
  release(): Promise<number>;
  /** Ends those that are of no use any more. None of them is given away once this was called, also if it is still being made. */
  drop(isUseless: (spare: Spare) => boolean): Promise<void>;
  /** Something has changed that it may be possible to make spares from. */
  wake(): void;
  /** Keeps the pool as large as it is to be until the signal is aborted, and leaves nothing. */
  run(options: { readonly signal: AbortSignal }): Promise<void>;
}

type PoolDeps = Pick<EngineDeps, 'driver' | 'images' | 'store' | 'clock' | 'ids' | 'hostProbe' | 'log'> & {
  readonly config: EngineConfig;
  readonly measures: Pick<Measures, 'spares'>;
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
  const shapes = new Map<string, VmSpec>();
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
      shapeKeyOf(spare.spec) === kind;

  const maker = warm === null ? null : createSpareMaker(warm, end);

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

  /** Also the one that is being made. */
  async function drop(isOne: (spare: Spare) => boolean): Promise<number> {
    const these = spares.filter(isOne);
    const [, ended] = await Promise.all([endAll(these), maker?.giveUp(isOne)]);
    return these.length + (ended ?? 0);
  }

  /** A former server's. Those that it gave to a VM are that VM's. */
  async function endLeftOver(signal: AbortSignal): Promise<void> {
    for (const { vmId, isSpare } of await driver.findAll({ signal }))
      if (isSpare && (await deps.store.vms.get(vmId)) === null) await end({ vmId });
  }

  function allotment(nowMs: number): ReadonlyMap<string, number> {
    const expected = demand.expected(nowMs).flatMap((each) => {
      const shape = shapes.get(each.kind);
      return shape === undefined ? [] : [{ ...each, memoryMib: shape.memoryMib }];
    });
    for (const kind of shapes.keys()) if (!expected.some((each) => each.kind === kind)) shapes.delete(kind);
    return allotSpares(expected, { memoryMib: config.warm.poolMemoryMib, count: config.warm.poolCount });
  }

  /** By name; of the kinds of which there are spares, or are to be. */
  async function currentImages(): Promise<ReadonlyMap<string, Image>> {
    const names = new Set([...shapes.values(), ...spares.map(({ spec }) => spec)].map(({ image }) => image));
    const found = await Promise.all([...names].map(async (name) => [name, await deps.images.find(name)] as const));
    return new Map(found.flatMap(([name, image]) => (image === null ? [] : [[name, image] as const])));
  }

  async function endSurplus(allotted: ReadonlyMap<string, number>): Promise<void> {
    const kept = new Map<string, number>();
    const images = await currentImages();
    const surplus = spares.filter((spare) => {
      // Its image has been built anew, or was removed.
      if (images.get(spare.spec.image)?.digest !== spare.imageDigest) return true;
      const kind = shapeKeyOf(spare.spec);
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
  ): Promise<(SparePlan & { readonly kind: string }) | null> {
    const nowMs = clock.monotonicMs();
    const { memoryAvailableMib } = await deps.hostProbe.measure();
    const images = await currentImages();
    for (const [kind, count] of allotted) {
      const spec = shapes.get(kind);
      const image = images.get(spec?.image ?? '');
      const isLeftAlone = nowMs - (failedAtMs.get(kind) ?? Number.NEGATIVE_INFINITY) < LEAVE_ALONE_MS;
      if (warm === null || spec === undefined || image === undefined || isLeftAlone) continue;
      if (spares.filter(isOf(kind)).length >= count) continue;
      if (memoryAvailableMib < spec.memoryMib + config.limits.memoryOverheadMib + config.limits.memoryReserveMib)
        continue;
      const vmId = deps.ids.create('vm');
      const machine = { vmId, incarnation: 1, spec, image };
      const template = await warm.find({ ...machine, name: 'spare', labels: {} }, { signal });
      if (template === null) continue;
      return { kind, machine, key: template.key };
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
      const made = (await maker?.make(wanted, { signal })) ?? null;
      // Looked at only now: others were taken meanwhile.
      if (made !== null) spares = [...spares, made];
    } catch (error) {
      signal.throwIfAborted();
      failedAtMs.set(wanted.kind, clock.monotonicMs());
      log.warn('a spare machine could not be made', { kind: wanted.kind, error });
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
    note(spec) {
      const kind = shapeKeyOf(spec);
      shapes.set(kind, spec);
      demand.note(kind, clock.monotonicMs());
      askedAtMs = clock.monotonicMs();
      wake();
    },
    take(spec) {
      askedAtMs = clock.monotonicMs();
      const kind = shapeKeyOf(spec);
      const found = spares.find(isOf(kind)) ?? null;
      spares = spares.filter((spare) => spare !== found);
      deps.measures.spares.add({ result: found === null ? 'miss' : 'hit' });
      return found;
    },
    putBack(spare) {
      spares = [...spares, spare];
      wake();
    },
    list: () => spares,
    release: () => drop(() => true),
    async drop(isUseless) {
      if ((await drop(isUseless)) > 0) wake();
    },
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
