import { VolaryError } from '../domain/errors.ts';
import type { Vm } from '../domain/vm/vm.ts';
import type { Driver } from '../ports/driver.ts';

/** The drivers of this host. A VM keeps the one that it was made with for all its life. */
export interface Drivers {
  /** What a VM gets that asks for none. */
  readonly first: Driver;
  readonly all: readonly Driver[];
  /** The VM's own. Throws `unavailable` driver.not_configured. */
  of(vm: Pick<Vm, 'driver'>): Driver;
  /** By its kind, for a new VM; undefined asks for none. Throws `unsupported` driver.unknown, naming those that there are. */
  require(kind: string | undefined): Driver;
}

/** Each kind at most once. */
export function createDrivers(first: Driver, others: readonly Driver[] = []): Drivers {
  const all = [first, ...others];
  const byKind = new Map(all.map((driver) => [driver.kind, driver]));
  if (byKind.size < all.length) throw new RangeError('two drivers of one kind');
  return {
    first,
    all,
    of({ driver: kind }) {
      const driver = byKind.get(kind);
      if (driver !== undefined) return driver;
      throw new VolaryError('unavailable', `This server runs without the ${kind} driver, which has this VM.`, {
        reason: 'driver.not_configured',
        details: { driver: kind },
      });
    },
    require(kind) {
      if (kind === undefined) return first;
      const driver = byKind.get(kind);
      if (driver !== undefined) return driver;
      const allowed = [...byKind.keys()];
      throw new VolaryError('unsupported', `There is no ${kind} driver here; there are: ${allowed.join(', ')}.`, {
        reason: 'driver.unknown',
        details: { field: 'driver', allowed },
      });
    },
  };
}
