/** What the templates of this host are worth now: looked up each time, by asking the driver for what a VM of their kind would begin from. */

import { toVolaryError } from '../../domain/errors.ts';
import { type Image, isBootable } from '../../domain/image/image.ts';
import { networkOf } from '../../domain/network/vm-network.ts';
import type { StorageUser } from '../../domain/system/usage.ts';
import { VM_DEFAULTS, type VmSpec } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { WarmTemplate } from '../../ports/driver.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { WarmTemplateEntry } from '../apis/warm-template-api.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { everyVm } from '../queries/every-vm.ts';
import { shapeKeyOf } from './shape.ts';
import type { SparePool } from './spare-pool.ts';

export type EntryDeps = Pick<EngineDeps, 'store' | 'driver' | 'images' | 'ids'> & {
  readonly config: EngineConfig;
  readonly pool: Pick<SparePool, 'list'>;
};

const DISABLED = 'This server was told to do without warm templates.';
const NO_IMAGE = 'Its image is gone from this host.';
const OLDER_IMAGE = 'VMs are made from a newer image of this name now.';
const OTHER_HOST = 'It was made by another version of Volary or of the machine monitor, or on another processor.';

/** All of them, the one that was used last first. */
export async function findTemplateEntries(deps: EntryDeps, options: Abortable): Promise<readonly WarmTemplateEntry[]> {
  const templates = [...((await deps.driver.warm?.list()) ?? [])].sort((a, b) => b.usedAt - a.usedAt);
  if (templates.length === 0) return [];
  const images = (await deps.images.list()).filter(isBootable);
  const beginning = await vmsAboutToBegin(deps);
  return await Promise.all(
    templates.map(async (template): Promise<WarmTemplateEntry> => {
      const image = images.find(({ digest }) => digest === template.imageDigest) ?? null;
      const { spec, whyUnusable } = await findUse(deps, template, image, options);
      const isUser = ({ spec: other, imageDigest }: Vm): boolean =>
        spec !== null &&
        shapeKeyOf(other) === shapeKeyOf(spec) &&
        (imageDigest ?? template.imageDigest) === template.imageDigest;
      const usedBy = beginning.filter(isUser).map(({ id, name }): StorageUser => ({ kind: 'vm', id, name }));
      const spareCount = deps.pool.list().filter(({ key }) => key === template.key).length;
      const networkMode = spec?.network.mode ?? null;
      return { ...template, image: image?.name ?? null, networkMode, usedBy, spareCount, whyUnusable };
    }),
  );
}

interface Use {
  /** Of the VMs that can begin from it. */
  readonly spec: VmSpec | null;
  readonly whyUnusable: string | null;
}

/** Its key cannot be read, but VMs of its size can be asked for theirs. */
async function findUse(deps: EntryDeps, template: WarmTemplate, image: Image | null, options: Abortable): Promise<Use> {
  if (!deps.config.warm.isEnabled) return { spec: null, whyUnusable: DISABLED };
  if (image === null) return { spec: null, whyUnusable: NO_IMAGE };
  const current = await deps.images.find(image.name);
  if (current?.digest !== image.digest) return { spec: null, whyUnusable: OLDER_IMAGE };
  const { vcpuCount, memoryMib } = template;
  const diskGib = template.diskBytes / 1024 ** 3;
  try {
    for (const mode of deps.driver.capabilities.networkModes) {
      const network = networkOf({ mode });
      const spec: VmSpec = { ...VM_DEFAULTS, image: image.name, vcpuCount, memoryMib, diskGib, network };
      const machine = { vmId: deps.ids.create('vm'), name: 'like', incarnation: 1, spec, labels: {}, image };
      const found = await deps.driver.warm?.find(machine, options);
      if (found?.key === template.key) return { spec, whyUnusable: null };
    }
  } catch (error) {
    options.signal.throwIfAborted();
    return { spec: null, whyUnusable: toVolaryError(error).message };
  }
  return { spec: null, whyUnusable: OTHER_HOST };
}

/** VMs whose first life is to begin and has not, and that do not insist on a boot. */
async function vmsAboutToBegin({ store }: EntryDeps): Promise<readonly Vm[]> {
  const found: Vm[] = [];
  for await (const vm of everyVm(store)) {
    const isToBegin = vm.incarnation === 0 && vm.desired.power === 'running' && vm.status.phase !== 'failed';
    if (isToBegin && vm.origin === null && vm.warmStart !== 'never') found.push(vm);
  }
  return found;
}
