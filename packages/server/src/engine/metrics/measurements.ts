/**
 * What was read of VMs last. Who tells of a VM may change at any time, as its agent falls silent and answers again: what
 * its guest has counted and what its monitor has are two things, and the time between them is a gap. An answer that is
 * missing now and then is none: the guest has gone on counting, and stays who tells until its monitor has told twice.
 */
import type { VmId } from '../../domain/ids.ts';
import { between, type Reading, type Stretch, type Teller, withoutReturned } from '../../domain/metrics/stretch.ts';
import type { Vm } from '../../domain/vm/vm.ts';

/** What was read of a VM last by whoever tells of it now. */
export interface Measured {
  readonly reading: Reading;
  /** From the reading before it; null where there was none, or a gap. */
  readonly stretch: Stretch | null;
}

interface Known {
  /** The life that readings are of. */
  readonly incarnation: number;
  /** Of each who has told in this life. */
  readonly last: Readonly<Partial<Record<Teller, Reading>>>;
  readonly measured: Measured;
}

export interface Measurements {
  /** Takes a reading, and answers the stretch that ends with it, if there is one. No two stretches of a VM overlap. */
  add(
    vm: Pick<Vm, 'id' | 'incarnation'>,
    reading: Reading,
    at: { readonly endMs: number; readonly gapMs: number },
  ): Stretch | null;
  /** Of those that were read then or later. */
  since(atMs: number): ReadonlyMap<VmId, Measured>;
  /** Forgets all others. */
  keepOnly(vmIds: ReadonlySet<VmId>): void;
}

export function createMeasurements(): Measurements {
  const all = new Map<VmId, Known>();

  return {
    add({ id, incarnation }, told, { endMs, gapMs }) {
      const found = all.get(id);
      const known = found?.incarnation === incarnation ? found : undefined;
      const before = known?.last[told.teller];
      const reading = before === undefined ? told : withoutReturned(before, told);
      const current = known?.measured.reading;
      // What another has told of since is not told of twice.
      const isNext = before !== undefined && current !== undefined && before.atMs >= current.atMs;
      const passed = isNext ? between(before, reading, gapMs) : null;
      const stretch = passed === null ? null : { subject: id, endMs, ...passed };
      const isTeller = current?.teller === told.teller || current === undefined || told.atMs - current.atMs > gapMs;
      const measured = known === undefined || isTeller || stretch !== null ? { reading, stretch } : known.measured;
      all.set(id, { incarnation, last: { ...known?.last, [told.teller]: reading }, measured });
      return stretch;
    },
    since: (atMs) =>
      new Map(
        [...all].flatMap(([id, { measured }]) => (measured.reading.atMs >= atMs ? [[id, measured] as const] : [])),
      ),
    keepOnly(vmIds) {
      for (const id of all.keys()) if (!vmIds.has(id)) all.delete(id);
    },
  };
}
