/** The consoles of containers, each taken from the engine as it is looked at. Whoever reads reads what was taken. */
import type { VmId } from '../../../../domain/ids.ts';
import type { ConsoleChunk } from '../../../../ports/driver.ts';
import type { Abortable } from '../../../../ports/guest-link.ts';
import { createKeyedLock } from '../../../shared/keyed-lock.ts';
import { sleep } from '../../../shared/sleep.ts';
import type { Container } from '../engine/containers.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import { takeConsole } from './take-console.ts';
import {
  isConsolePlaced,
  listConsoles,
  openTakenConsole,
  placeConsole,
  removeTakenConsole,
  type TakenConsole,
} from './taken-console.ts';

/** How often the engine is asked while somebody follows, milliseconds. */
const FOLLOW_MS = 500;

export interface Consoles {
  /** What was written to the container's console. Ends at once where there is no container. */
  read(
    vmId: VmId,
    find: (options: Abortable) => Promise<Container | null>,
    options: Abortable & { readonly offset: number; readonly follow: boolean },
  ): AsyncIterable<ConsoleChunk>;
  /**
   * Makes the console's place, before there is a container: it goes last of all that is kept of one, so that it tells of what somebody who died has left. One
   * that is there stays.
   */
  place(vmId: VmId): Promise<void>;
  isPlaced(vmId: VmId): Promise<boolean>;
  /** VMs whose consoles have a place. */
  list(): Promise<readonly VmId[]>;
  /** Of a VM whose container was removed nothing is kept. Whoever reads comes to the end: an engine that says nothing keeps nobody from this. */
  remove(vmId: VmId): Promise<void>;
}

interface Kept {
  readonly taken: TakenConsole;
  /** The life of which all was taken, and nothing more comes. */
  over: string | null;
}

export function createConsoles(client: EngineClient, dataDir: string): Consoles {
  const all = new Map<VmId, Kept>();
  const lock = createKeyedLock();
  const readers = createReaders();

  /** The caller holds the VM's lock. */
  async function catchUp(vmId: VmId, container: Container, { signal }: Abortable): Promise<TakenConsole> {
    const kept = all.get(vmId) ?? { taken: await openTakenConsole(dataDir, vmId), over: null };
    const life = `${container.id} ${container.startedAt}`;
    if (kept.over === life) return kept.taken;
    // What is written when this fails is not known: the next one looks.
    all.delete(vmId);
    await takeConsole(client, container.id, { taken: kept.taken, signal });
    const isRunning = container.state === 'running' || container.state === 'paused';
    all.set(vmId, { taken: kept.taken, over: isRunning ? null : life });
    return kept.taken;
  }

  async function* read(
    vmId: VmId,
    find: (options: Abortable) => Promise<Container | null>,
    { signal, follow, offset: from }: Abortable & { readonly offset: number; readonly follow: boolean },
  ): AsyncIterable<ConsoleChunk> {
    let offset = from;
    while (!signal.aborted) {
      const taken = await lock.run(vmId, async () => {
        const container = await find({ signal });
        return container === null ? null : await catchUp(vmId, container, { signal });
      });
      if (taken === null) return;
      for await (const chunk of taken.log.read(offset)) {
        yield chunk;
        offset = chunk.offset + chunk.bytes.length;
      }
      if (!follow) return;
      await sleep(FOLLOW_MS, signal).catch(() => undefined);
    }
  }

  return {
    async *read(vmId, find, options) {
      const reading = readers.begin(vmId);
      const signal = AbortSignal.any([options.signal, reading.signal]);
      try {
        yield* read(vmId, find, { ...options, signal });
      } catch (error) {
        // Who follows until it is enough, or until there is no console, is not told so by an error.
        if (!signal.aborted) throw error;
      } finally {
        readers.end(vmId, reading);
      }
    },
    place: (vmId) => placeConsole(dataDir, vmId),
    isPlaced: (vmId) => isConsolePlaced(dataDir, vmId),
    list: () => listConsoles(dataDir),
    remove: async (vmId) => {
      readers.abort(vmId);
      await lock.run(vmId, async () => {
        all.delete(vmId);
        await removeTakenConsole(dataDir, vmId);
      });
    },
  };
}

/** Of those who read a console, what ends it for them. */
function createReaders() {
  const all = new Map<VmId, Set<AbortController>>();
  return {
    begin(vmId: VmId): AbortController {
      const own = new AbortController();
      all.set(vmId, (all.get(vmId) ?? new Set()).add(own));
      return own;
    },
    end(vmId: VmId, own: AbortController): void {
      const readers = all.get(vmId);
      readers?.delete(own);
      if (readers?.size === 0) all.delete(vmId);
    },
    abort(vmId: VmId): void {
      for (const reading of all.get(vmId) ?? []) reading.abort();
    },
  };
}
