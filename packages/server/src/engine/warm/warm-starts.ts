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
import { toVolaryError, VolaryError } from '../../domain/errors.ts';
import { isBootable } from '../../domain/image/image.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { DiskSpec, Driver, SavedRef } from '../../ports/driver.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { likenessOf, shapeKeyOf } from './shape.ts';
import type { SparePool } from './spare-pool.ts';
import type { TemplateMaker } from './template-maker.ts';

export interface WarmStarts {
  /** Throws `failed_precondition` vm.no_warm_template, with why, unless a VM like this can begin from a template. */
  requireFor(driver: Driver, spec: VmSpec): Promise<void>;
  /** What the VM's first life may begin from; null: it has to boot. Throws the signal's reason only. */
  find(vm: Vm, options: { readonly signal: AbortSignal }): Promise<Extract<SavedRef, { kind: 'warm' }> | null>;
  /** It could not be begun from: it is removed, so that nobody tries it again, and an event tells so. */
  reject(vm: Vm, ref: Extract<SavedRef, { kind: 'warm' }>, error: unknown): Promise<void>;
  /** A VM has come to be that may have begun warm: a template is made for the next one like it, unless there is one, and spares. */
  suggest(vm: Vm): void;
  /** Makes what was suggested, one after the other, until the signal is aborted. */
  run(options: { readonly signal: AbortSignal }): Promise<void>;
}

type WarmDeps = Pick<EngineDeps, 'driver' | 'images' | 'store' | 'bus' | 'clock' | 'ids' | 'hostProbe' | 'log'> & {
  readonly config: EngineConfig;
  readonly pool: Pick<SparePool, 'note'>;
  readonly templates: TemplateMaker;
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

  function mayBeWarm(vm: Vm): boolean {
    return vm.driver === driver.kind && vm.warmStart !== 'never' && vm.spec.disks.length === 0;
  }

  async function likeOf(vm: Vm): Promise<DiskSpec | null> {
    const image = (await images.list()).filter(isBootable).find(({ digest }) => digest === vm.imageDigest);
    return image === undefined ? null : likenessOf(vm, image);
  }

  async function make(vm: Vm, signal: AbortSignal): Promise<void> {
    const like = await likeOf(vm);
    if (like === null) return;
    const admit = async (): Promise<boolean> => {
      const { memoryAvailableMib } = await deps.hostProbe.measure();
      return memoryAvailableMib >= vm.spec.memoryMib + config.limits.memoryReserveMib;
    };
    await deps.templates.make(like, { admit, signal });
  }

  async function whyNone(own: Driver, spec: VmSpec): Promise<string | null> {
    if (own.warm === null || own !== driver) return `The ${own.kind} driver has none.`;
    if (warm === null) return 'This server was told to do without them.';
    if (spec.disks.length > 0) return 'A VM with disks besides its root boots.';
    const image = await images.find(spec.image);
    if (image === null) return `The image ${spec.image} has not been built on this host.`;
    const like = { vmId: deps.ids.create('vm'), name: 'like', incarnation: 1, spec, labels: {}, image };
    const found = await warm.find(like, { signal: new AbortController().signal });
    return found === null ? 'None has been made yet for this image, with these processors, memory and disk.' : null;
  }

  return {
    async requireFor(own, spec) {
      const why = await whyNone(own, spec);
      if (why === null) return;
      throw noTemplate(why);
    },
    async find(vm, { signal }) {
      if (warm === null || !mayBeWarm(vm)) return null;
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
      await deps.templates.remove(key);
      const data = { name: vm.name, template: key, reason: error.reason, message: error.message };
      await deps.store.events.append([
        {
          type: 'vm.warm_start_failed',
          at: clock.now(),
          subject: vm.id,
          vmId: vm.id,
          owner: vm.owner,
          operationId: null,
          data,
        },
      ]);
      deps.bus.publish('events', '');
    },
    suggest(vm) {
      if (warm === null || !mayBeWarm(vm)) return;
      if (vm.spec.network.mode !== 'bridge') deps.pool.note(vm.spec);
      const shape = shapeKeyOf(vm.spec);
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

/** `why`: a sentence. */
export function noTemplate(why: string): VolaryError {
  return new VolaryError('failed_precondition', `There is no warm template for this VM to begin from. ${why}`, {
    reason: 'vm.no_warm_template',
  });
}
