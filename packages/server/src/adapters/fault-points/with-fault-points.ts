/**
 * Ports with a fault point before and after each deed. The engine calls ports and nothing else, so that a moment between two
 * of its steps is a moment at one of them: it need not know of fault points. A server that was told of none has none of this.
 */
import type { Driver } from '../../ports/driver.ts';
import { COMMITTED_EVENTS, type FaultPoint, type FaultyDeed } from '../../ports/fault-point.ts';
import type { GuestLink } from '../../ports/guest-link.ts';
import type { ImageSource } from '../../ports/image-source.ts';
import type { Networks } from '../../ports/networks.ts';
import type { Store, Tables } from '../../ports/store.ts';

/** The store; each commit is a deed, named by the events that it appends. */
export function storeWithFaultPoints(store: Store, pass: FaultPoint): Store {
  const transaction: Store['transaction'] = async (work) => {
    const deeds = new Set<FaultyDeed>();
    const result = await store.transaction(async (tables) => {
      const done = await work(noting(tables, deeds));
      for (const deed of deeds) pass(`${deed}.before`);
      return done;
    });
    for (const deed of deeds) pass(`${deed}.after`);
    return result;
  };
  return {
    ...store,
    events: { ...store.events, append: (added) => transaction(({ events }) => events.append(added)) },
    executions: {
      ...store.executions,
      update: (execution) => transaction(({ executions }) => executions.update(execution)),
    },
    transaction,
  };
}

/** The tables, telling what is written through them. */
function noting(tables: Tables, deeds: Set<FaultyDeed>): Tables {
  const { operations, executions, events } = tables;
  return {
    ...tables,
    operations: {
      ...operations,
      update: (operation) => {
        if (deeds.size === 0) deeds.add('commit.step');
        return operations.update(operation);
      },
    },
    executions: {
      ...executions,
      update: (execution) => {
        if (deeds.size === 0) deeds.add('commit.step');
        return executions.update(execution);
      },
      appendOutput: (...chunk) => {
        deeds.add('commit.output');
        return executions.appendOutput(...chunk);
      },
      appendNewest: (...chunk) => {
        deeds.add('commit.output');
        return executions.appendNewest(...chunk);
      },
    },
    events: {
      ...events,
      append: (added) => {
        deeds.delete('commit.step');
        for (const type of COMMITTED_EVENTS)
          if (added.some((event) => event.type === type)) deeds.add(`commit.${type}`);
        return events.append(added);
      },
    },
  };
}

/** The driver, and the links to guests that it opens. */
export function driverWithFaultPoints(driver: Driver, pass: FaultPoint): Driver {
  const around = <A extends readonly unknown[], R>(deed: FaultyDeed, act: (...args: A) => Promise<R>) =>
    surrounded(pass, deed, act);
  return {
    ...driver,
    createDisk: around('driver.create-disk', driver.createDisk),
    deleteDisk: around('driver.delete-disk', driver.deleteDisk),
    startMachine: around('driver.start-machine', driver.startMachine),
    endMachine: around('driver.end-machine', driver.endMachine),
    packs: driver.packs && { ...driver.packs, attach: around('driver.attach-packs', driver.packs.attach) },
    saveMachine: around('driver.save-machine', driver.saveMachine),
    deleteSaved: around('driver.delete-saved', driver.deleteSaved),
    pauseMachine: around('driver.pause-machine', driver.pauseMachine),
    resumeMachine: around('driver.resume-machine', driver.resumeMachine),
    resizeMachine: around('driver.resize-machine', driver.resizeMachine),
    suspendMachine: around('driver.suspend-machine', driver.suspendMachine),
    wakeMachine: around('driver.wake-machine', driver.wakeMachine),
    openLink: around('driver.open-link', async (...args) => linkWithFaultPoints(await driver.openLink(...args), pass)),
  };
}

/** The image source: what takes long is building. */
export function imagesWithFaultPoints(images: ImageSource, pass: FaultPoint): ImageSource {
  return { ...images, ensure: surrounded(pass, 'image.ensure', images.ensure) };
}

/** The networks of the host. */
export function networksWithFaultPoints(networks: Networks, pass: FaultPoint): Networks {
  return { ...networks, apply: surrounded(pass, 'networks.apply', networks.apply) };
}

/** A link is an object with a life of its own, which cannot be copied: three of its methods are replaced from outside. */
function linkWithFaultPoints(link: GuestLink, pass: FaultPoint): GuestLink {
  const exec = surrounded(pass, 'guest.exec', (...args: Parameters<GuestLink['exec']>) => link.exec(...args));
  const shutDown = surrounded(pass, 'guest.shut-down', (...args: Parameters<GuestLink['shutDown']>) =>
    link.shutDown(...args),
  );
  const grow = surrounded(pass, 'guest.grow', (...args: Parameters<GuestLink['grow']>) => link.grow(...args));
  return new Proxy(link, {
    get(target, name) {
      if (name === 'exec') return exec;
      if (name === 'shutDown') return shutDown;
      if (name === 'grow') return grow;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function surrounded<A extends readonly unknown[], R>(
  pass: FaultPoint,
  deed: FaultyDeed,
  act: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return async (...args) => {
    pass(`${deed}.before`);
    const result = await act(...args);
    pass(`${deed}.after`);
    return result;
  };
}
