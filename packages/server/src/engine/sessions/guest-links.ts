import { VolaryError } from '../../domain/errors.ts';
import type { VmId } from '../../domain/ids.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Abortable, GuestLink } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';

/** The open links to guests: one per VM, opened when first needed, shared by all who talk to that guest. */
export interface GuestLinks extends AsyncDisposable {
  /** The VM's link; waits until its agent answers or the signal is aborted. */
  open(vmId: VmId, options: Abortable): Promise<GuestLink>;
  /** The VM's link if it is open now. */
  peek(vmId: VmId): GuestLink | null;
  /** Those that are open now. */
  all(): ReadonlyMap<VmId, GuestLink>;
  /** Closes the VM's link, if there is one: its machine is about to end. */
  drop(vmId: VmId): Promise<void>;
}

type LinkDeps = Pick<EngineDeps, 'log'> & { readonly driver: Pick<Driver, 'openLink'> };

interface Entry {
  readonly opening: Promise<GuestLink>;
  readonly abort: AbortController;
  waiters: number;
  link: GuestLink | null;
}

/** Opens links by the driver that has the VM. Throws as `Driver.openLink`. */
export function openerOf({ store, drivers }: Pick<EngineDeps, 'store' | 'drivers'>): Pick<Driver, 'openLink'> {
  return {
    async openLink(vmId, options) {
      const vm = await store.vms.get(vmId);
      if (vm !== null) return await drivers.of(vm).openLink(vmId, options);
      throw new VolaryError('failed_precondition', 'There is no such VM any more.', { reason: 'driver.no_machine' });
    },
  };
}

export function createGuestLinks({ driver, log }: LinkDeps): GuestLinks {
  const entries = new Map<VmId, Entry>();

  function forget(vmId: VmId, entry: Entry): void {
    if (entries.get(vmId) === entry) entries.delete(vmId);
  }

  function begin(vmId: VmId): Entry {
    const abort = new AbortController();
    const opening = driver.openLink(vmId, { signal: abort.signal });
    const entry: Entry = { opening, abort, waiters: 0, link: null };
    entries.set(vmId, entry);
    opening.then(
      (link) => {
        entry.link = link;
        // Called off at the very moment when it came to be.
        if (entries.get(vmId) !== entry) void link[Symbol.asyncDispose]();
        void link.closed.then((reason) => {
          log.debug('guest link closed', { vmId, reason });
          forget(vmId, entry);
        });
      },
      // Everybody who waits for it hears the error; here it only has to make room for the next try.
      () => forget(vmId, entry),
    );
    return entry;
  }

  /** Waits for a shared opening; the last one to lose patience ends it, and whoever comes then begins another. */
  async function wait(vmId: VmId, entry: Entry, signal: AbortSignal): Promise<GuestLink> {
    signal.throwIfAborted();
    entry.waiters += 1;
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([entry.opening, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      entry.waiters -= 1;
      if (entry.waiters === 0 && entry.link === null) {
        forget(vmId, entry);
        entry.abort.abort(new DOMException('nobody waits any more', 'AbortError'));
      }
    }
  }

  async function drop(vmId: VmId): Promise<void> {
    const entry = entries.get(vmId);
    if (entry === undefined) return;
    entries.delete(vmId);
    entry.abort.abort(
      new VolaryError('unavailable', 'The machine of this VM is being ended.', { reason: 'guest.link_lost' }),
    );
    await entry.link?.[Symbol.asyncDispose]();
  }

  return {
    open: (vmId, { signal }) => wait(vmId, entries.get(vmId) ?? begin(vmId), signal),
    peek: (vmId) => entries.get(vmId)?.link ?? null,
    all: () => new Map([...entries].flatMap(([vmId, { link }]) => (link === null ? [] : [[vmId, link]]))),
    drop,
    async [Symbol.asyncDispose]() {
      await Promise.all([...entries.keys()].map((vmId) => drop(vmId)));
    },
  };
}
