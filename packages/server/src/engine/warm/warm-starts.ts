/**
 * Warm starts: the first life of a VM begins as a fork of a guest that has booted before, where there is one like it; where there is none
 * it boots, and one is made for the next VM like it.
 *
 *   first life --found--> fork --answers--> running
 *       |                   '---does not--> template removed --.
 *       '--------none-----------------------------------------> boot --answers--> running, a template is made later
 *
 * Nothing depends on a template: it is in the cache, and each way that begins without one ends where the other does.
 */
import { toVolaryError } from '../../domain/errors.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { DiskSpec, SavedRef, WarmTemplate } from '../../ports/driver.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';

export interface WarmStarts {
  /** What the VM's first life may begin from; null: it has to boot. Throws the signal's reason only. */
  find(vm: Vm, options: { readonly signal: AbortSignal }): Promise<Extract<SavedRef, { kind: 'warm' }> | null>;
  /** It could not be begun from: it is removed, so that nobody tries it again, and an event tells so. */
  reject(vm: Vm, ref: Extract<SavedRef, { kind: 'warm' }>, error: unknown): Promise<void>;
  /** A VM has booted: a template is made for the next one like it, unless there is one. */
  suggest(vm: Vm): void;
  /** Makes what was suggested, one after the other, until the signal is aborted. */
  run(options: { readonly signal: AbortSignal }): Promise<void>;
}

type WarmDeps = Pick<EngineDeps, 'driver' | 'images' | 'store' | 'bus' | 'clock' | 'hostProbe' | 'log'> & {
  readonly config: EngineConfig;
};

/** What somebody does first in a new VM goes before the making of a template. */
const CALM_MS = 2_000;
/** How long a kind of machine whose template could not be made is left alone. */
const LEAVE_ALONE_MS = 10 * 60_000;

export function createWarmStarts(deps: WarmDeps): WarmStarts {
  const { driver, images, clock, log, config } = deps;
  const warm = config.warm.isEnabled ? driver.warm : null;
  /** By shape; the newest VM like it. */
  const suggested = new Map<string, Vm>();
  const failedAtMs = new Map<string, number>();
  let wake = (): void => undefined;

  async function likeOf(vm: Vm): Promise<DiskSpec | null> {
    const image = (await images.list()).find(({ digest }) => digest === vm.imageDigest);
    if (image === undefined) return null;
    const { id: vmId, name, spec, labels } = vm;
    return { vmId, name, incarnation: 1, spec, labels, image };
  }

  async function make(vm: Vm, signal: AbortSignal): Promise<void> {
    const like = await likeOf(vm);
    if (warm === null || like === null || (await warm.find(like, { signal })) !== null) return;
    const { memoryAvailableMib } = await deps.hostProbe.measure();
    if (memoryAvailableMib < vm.spec.memoryMib + config.limits.memoryReserveMib) return;
    const template = await warm.build(like, { signal });
    log.info('a warm template was made', { key: template.key, haltedMs: template.haltedMs, bytes: template.sizeBytes });
    await prune(template);
  }

  /** Removes what no image is there for any more, and what was used longest ago as long as there is too much. */
  async function prune(newest: WarmTemplate): Promise<void> {
    if (warm === null) return;
    const digests = new Set((await images.list()).map(({ digest }) => digest));
    const byUse = [...(await warm.list())].sort((a, b) => b.usedAt - a.usedAt);
    let bytes = 0;
    for (const { key, imageDigest, sizeBytes } of byUse) {
      bytes += sizeBytes;
      const isKept = key === newest.key || (digests.has(imageDigest) && bytes <= config.warm.maxBytes);
      if (!isKept) await warm.remove(key);
    }
  }

  return {
    async find(vm, { signal }) {
      if (warm === null) return null;
      try {
        const like = await likeOf(vm);
        const template = like === null ? null : await warm.find(like, { signal });
        return template === null ? null : { kind: 'warm', key: template.key };
      } catch (error) {
        signal.throwIfAborted();
        log.warn('no warm template could be looked for', { vmId: vm.id, error });
        return null;
      }
    },
    async reject(vm, { key }, cause) {
      const error = toVolaryError(cause);
      log.warn('a warm template could not be used', { vmId: vm.id, key, error });
      await warm?.remove(key);
      const data = { name: vm.name, template: key, reason: error.reason, message: error.message };
      await deps.store.events.append([
        { type: 'vm.warm_start_failed', at: clock.now(), subject: vm.id, vmId: vm.id, operationId: null, data },
      ]);
      deps.bus.publish('events', '');
    },
    suggest(vm) {
      if (warm === null) return;
      const shape = shapeOf(vm);
      const failed = failedAtMs.get(shape);
      if (failed !== undefined && clock.monotonicMs() - failed < LEAVE_ALONE_MS) return;
      suggested.set(shape, vm);
      wake();
    },
    async run({ signal }) {
      if (warm === null) return;
      signal.addEventListener('abort', () => wake(), { once: true });
      while (!signal.aborted) {
        const [next] = suggested;
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        const [shape, vm] = next;
        suggested.delete(shape);
        try {
          await clock.sleep(CALM_MS, { signal });
          await make(vm, signal);
        } catch (error) {
          if (signal.aborted) return;
          failedAtMs.set(shape, clock.monotonicMs());
          log.warn('a warm template could not be made', { image: vm.spec.image, error });
        }
      }
    },
  };
}

/** What templates of one kind have in common, as far as it can be told without asking the driver. */
function shapeOf({ spec, imageDigest }: Vm): string {
  const { vcpuCount, memoryMib, diskGib, network } = spec;
  return JSON.stringify([imageDigest, vcpuCount, memoryMib, diskGib, network.mode]);
}
