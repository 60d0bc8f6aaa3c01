import type { Driver } from '../ports/driver.ts';
import type { FaultPoint } from '../ports/fault-point.ts';
import type { GuestLink, GuestProcess } from '../ports/guest-link.ts';

/** From the moment on at which it has passed so many points, nothing that this server does takes effect: as if it had been killed there. */
export function dyingAt(last: number): { readonly pass: FaultPoint; readonly passed: () => number } {
  let count = 0;
  return {
    pass: () => {
      count += 1;
      if (count >= last) throw new Error('this server is dead');
    },
    passed: () => count,
  };
}

/** A server that is dead tells no guest that it may forget a command. */
export function clingingWhenDead(driver: Driver, isDead: () => boolean): Driver {
  const cling = (process: GuestProcess): GuestProcess =>
    replacing(process, Symbol.asyncDispose, async () => {
      if (!isDead()) await process[Symbol.asyncDispose]();
    });
  return {
    ...driver,
    openLink: async (...args) => {
      const link = await driver.openLink(...args);
      const exec: GuestLink['exec'] = async (...asked) => cling(await link.exec(...asked));
      const attach: GuestLink['attach'] = async (...asked) => cling(await link.attach(...asked));
      return replacing(replacing(link, 'exec', exec), 'attach', attach);
    },
  };
}

/** The object with one of its methods replaced: it has a life of its own, and cannot be copied. */
function replacing<T extends object>(object: T, key: string | symbol, by: unknown): T {
  return new Proxy(object, {
    get(target, name) {
      if (name === key) return by;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
