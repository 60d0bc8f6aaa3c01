/** Ports whose long calls are spans, where they are made as part of something that is traced. A server that traces nothing has none of this. */
import type { Driver } from '../../ports/driver.ts';
import type { GuestLink } from '../../ports/guest-link.ts';
import type { ImageSource } from '../../ports/image-source.ts';
import type { Networks } from '../../ports/networks.ts';
import type { Tracer } from '../../ports/tracer.ts';
import type { EngineDeps } from '../deps.ts';
import { createDrivers, type Drivers } from '../drivers.ts';
import { traced } from './traced.ts';

/** Those of these that have calls which are spans, and those by which work is handed on: what they wake is part of nothing. */
export function withSpans({ drivers, images, networks, queue, bus }: TracedPorts, tracer: Tracer): TracedPorts {
  return {
    drivers: driversWithSpans(drivers, tracer),
    images: imagesWithSpans(images, tracer),
    networks: networksWithSpans(networks, tracer),
    queue: { ...queue, enqueue: (...args) => tracer.within(null, () => queue.enqueue(...args)) },
    bus: { ...bus, publish: (...args) => tracer.within(null, () => bus.publish(...args)) },
  };
}

type TracedPorts = Pick<EngineDeps, 'drivers' | 'images' | 'networks' | 'queue' | 'bus'>;

function driversWithSpans({ first, all }: Drivers, tracer: Tracer): Drivers {
  const withSpans = (driver: Driver): Driver => driverWithSpans(driver, tracer);
  return createDrivers(withSpans(first), all.filter((driver) => driver !== first).map(withSpans));
}

/** The driver, and the links to guests that it opens. */
export function driverWithSpans(driver: Driver, tracer: Tracer): Driver {
  const attributes = { 'volary.driver': driver.kind };
  const around = <A extends readonly unknown[], R>(call: string, act: (...args: A) => Promise<R>) =>
    surrounded(tracer, { name: `driver ${call}`, attributes }, act);
  const { packs, warm, volumes } = driver;
  return {
    ...driver,
    createDisk: around('create-disk', driver.createDisk),
    prepareRestore: around('prepare-restore', driver.prepareRestore),
    deleteDisk: around('delete-disk', driver.deleteDisk),
    startMachine: around('start-machine', driver.startMachine),
    endMachine: around('end-machine', driver.endMachine),
    saveMachine: around('save-machine', driver.saveMachine),
    deleteSaved: around('delete-saved', driver.deleteSaved),
    suspendMachine: around('suspend-machine', driver.suspendMachine),
    wakeMachine: around('wake-machine', driver.wakeMachine),
    resizeMachine: around('resize-machine', driver.resizeMachine),
    pauseMachine: around('pause-machine', driver.pauseMachine),
    resumeMachine: around('resume-machine', driver.resumeMachine),
    pressPowerButton: around('press-power-button', driver.pressPowerButton),
    packs: packs && { ...packs, attach: around('attach-packs', packs.attach) },
    warm: warm && { ...warm, build: around('build-warm-template', warm.build) },
    volumes: volumes && {
      ...volumes,
      create: around('create-volume', volumes.create),
      remove: around('remove-volume', volumes.remove),
    },
    // The link lives on when what opened it is over.
    openLink: around('open-link', async (vmId, options) => {
      const link = await tracer.within(null, () => driver.openLink(vmId, options));
      return linkWithSpans(link, tracer);
    }),
  };
}

/** The image source: what takes long is building. */
function imagesWithSpans(images: ImageSource, tracer: Tracer): ImageSource {
  return { ...images, ensure: surrounded(tracer, { name: 'image ensure' }, images.ensure) };
}

/** The networks of the host. */
function networksWithSpans(networks: Networks, tracer: Tracer): Networks {
  return { ...networks, apply: surrounded(tracer, { name: 'networks apply' }, networks.apply) };
}

/** What a guest is asked for that may take long, and ends. */
const GUEST_CALLS = {
  exec: 'guest exec',
  shutDown: 'guest shut-down',
  identify: 'guest identify',
  freeze: 'guest freeze',
  grow: 'guest grow',
  prepare: 'guest prepare',
  awaitTools: 'guest await-tools',
} as const satisfies Partial<Record<keyof GuestLink, string>>;

/** A link is an object with a life of its own, which cannot be copied: methods of it are replaced from outside. */
function linkWithSpans(link: GuestLink, tracer: Tracer): GuestLink {
  const replaced = new Map<string | symbol, unknown>();
  for (const [name, call] of Object.entries(GUEST_CALLS)) {
    const act: unknown = Reflect.get(link, name, link);
    if (typeof act !== 'function') continue;
    replaced.set(
      name,
      surrounded(tracer, { name: call }, async (...args: readonly unknown[]) => act.apply(link, args)),
    );
  }
  return new Proxy(link, {
    get(target, name) {
      const instead = replaced.get(name);
      if (instead !== undefined) return instead;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function surrounded<A extends readonly unknown[], R>(
  tracer: Tracer,
  span: { readonly name: string; readonly attributes?: Readonly<Record<string, string>> },
  act: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return (...args) => traced(tracer, { ...span, kind: 'client', parent: tracer.current() }, () => act(...args));
}
