import type { VmId } from '../../../domain/ids.ts';
import type { MachineEnd } from '../../../ports/driver.ts';
import type { GuestLink } from '../../../ports/guest-link.ts';
import type { Log } from '../../../ports/log.ts';
import { createHintQueue, type HintQueue } from '../../shared/hint-queue.ts';
import { createKeyedLock, type KeyedLock } from '../../shared/keyed-lock.ts';
import { linkReplaced, noMachine, suspendedDamaged } from './errors.ts';
import { type LaunchRecord, readRecord, writeRecord } from './launch-record.ts';
import { readSavedFacts, suspendedPath } from './saved/saved-machine.ts';
import { type VmDirectory, vmDirectory } from './vm-directory.ts';
import { VmMonitor } from './vm-monitor.ts';

const WATCH_CAPACITY = 65_536;

/**
 * What this process holds of the machines on this host: connections, which it can lose and make again at any time, and
 * who listens for hints. All that must be known is on disk and in `/proc`.
 */
export class Machines implements AsyncDisposable {
  /** Starting, ending and deleting one VM never overlap. */
  readonly lock: KeyedLock = createKeyedLock();
  readonly #dataDir: string;
  readonly #log: Log;
  /** By VM; each belongs to the one life that its UUID and incarnation name. */
  readonly #monitors = new Map<VmId, { readonly incarnation: number; readonly monitor: VmMonitor }>();
  readonly #links = new Map<VmId, GuestLink>();
  readonly #openings = new Map<VmId, AbortController>();
  readonly #watchers = new Set<HintQueue<VmId>>();
  readonly #halts = new Map<VmId, Promise<unknown>>();

  constructor(deps: { readonly dataDir: string; readonly log: Log }) {
    this.#dataDir = deps.dataDir;
    this.#log = deps.log;
  }

  directory(vmId: VmId): VmDirectory {
    return vmDirectory(this.#dataDir, vmId);
  }

  /** The monitor of this life of the VM. One of an earlier life is put away. */
  monitor(vmId: VmId, record: LaunchRecord): VmMonitor {
    const known = this.#monitors.get(vmId);
    if (known?.incarnation === record.incarnation) return known.monitor;
    void known?.monitor[Symbol.asyncDispose]();
    const monitor = new VmMonitor({
      directory: this.directory(vmId),
      uuid: record.uuid,
      log: this.#log.child({ vmId }),
      onHint: () => this.hint(vmId),
      onEnd: (end) => void this.#rememberEnd(vmId, record.incarnation, end),
    });
    this.#monitors.set(vmId, { incarnation: record.incarnation, monitor });
    return monitor;
  }

  /** Puts away everything that is held of the VM. */
  async release(vmId: VmId): Promise<void> {
    const monitor = this.#monitors.get(vmId)?.monitor;
    this.#monitors.delete(vmId);
    this.#openings.get(vmId)?.abort(noMachine());
    this.#openings.delete(vmId);
    await this.#endLink(vmId);
    await monitor?.[Symbol.asyncDispose]();
  }

  /**
   * Ends the VM's link, and the opening of one that is under way: a VM has one link at a time. The signal ends the
   * opening that begins now, `isFree` resolves when the link before has gone.
   */
  beginLink(vmId: VmId): { readonly signal: AbortSignal; readonly isFree: Promise<void> } {
    this.#openings.get(vmId)?.abort(linkReplaced());
    const opening = new AbortController();
    this.#openings.set(vmId, opening);
    return { signal: opening.signal, isFree: this.#endLink(vmId) };
  }

  /** Keeps the link whose opening was not ended meanwhile. */
  setLink(vmId: VmId, link: GuestLink): void {
    this.#links.set(vmId, link);
  }

  /**
   * The life of the VM that was suspended, and is to be woken from what was saved of it; null: there is none. Throws `data_loss`
   * driver.suspended_damaged, `unavailable` host.file_unreadable.
   */
  async suspendedLife(vmId: VmId): Promise<number | null> {
    const path = suspendedPath(this.#dataDir, vmId);
    const facts = await readSavedFacts(path);
    if (facts.kind === 'damaged') throw suspendedDamaged(`${path}: its facts are damaged, or of a newer version`);
    return facts.kind === 'absent' ? null : (facts.value.suspendedLife ?? null);
  }

  hint(vmId: VmId): void {
    for (const watcher of this.#watchers) watcher.push(vmId);
  }

  async *watch(signal: AbortSignal): AsyncIterable<VmId> {
    const queue = createHintQueue<VmId>({ capacity: WATCH_CAPACITY, signal });
    this.#watchers.add(queue);
    try {
      yield* queue;
    } finally {
      this.#watchers.delete(queue);
    }
  }

  /** Does what has the machine halted for a moment, of which nobody else is to see anything. One at a time. */
  async whileHalted<T>(vmId: VmId, work: () => Promise<T>): Promise<T> {
    const halt = work();
    this.#halts.set(
      vmId,
      halt.catch(() => undefined),
    );
    try {
      return await halt;
    } finally {
      this.#halts.delete(vmId);
    }
  }

  /** Resolves when the machine is not halted for a moment: else it would be taken for paused, and set going. */
  async untilNotHalted(vmId: VmId): Promise<void> {
    await this.#halts.get(vmId);
  }

  /** Ends the connections, and every watcher's wait; the machines go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const watcher of this.#watchers) watcher.end();
    const ids = new Set([...this.#monitors.keys(), ...this.#links.keys(), ...this.#openings.keys()]);
    await Promise.all([...ids].map((vmId) => this.release(vmId)));
  }

  async #endLink(vmId: VmId): Promise<void> {
    const link = this.#links.get(vmId);
    this.#links.delete(vmId);
    try {
      await link?.[Symbol.asyncDispose]();
    } catch (error) {
      this.#log.warn('a link could not be ended in order', { vmId, error });
    }
  }

  /** Both a power-off and a reboot look alike afterwards, so that the difference is written down when it is told. */
  async #rememberEnd(vmId: VmId, incarnation: number, end: MachineEnd): Promise<void> {
    try {
      await this.lock.run(vmId, async () => {
        const path = this.directory(vmId).recordPath;
        const stored = await readRecord(path);
        if (stored.kind === 'valid' && stored.record.incarnation === incarnation)
          await writeRecord(path, { ...stored.record, end });
      });
    } catch (error) {
      this.#log.warn('how a machine ended could not be written down', { vmId, error });
    }
  }
}
