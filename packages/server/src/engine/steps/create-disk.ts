import { toVolaryError, VolaryError } from '../../domain/errors.ts';
import type { Pack } from '../../ports/machine-packs.ts';
import { findContents } from '../images/disk-contents.ts';
import { noteUsed } from '../tools/follow-mounting.ts';
import { packGone } from './attach-tools.ts';
import { machineSpec, requireImage, type Step, type StepContext, type StepDeps, type StepResult } from './step.ts';

/**
 * Makes the VM's own disk on top of the image, or as a copy of a saved one, unless it is there, and remembers which image it was made from. Where a
 * template is there to begin from, it is a copy of that one's.
 */
export const createDisk: Step = async (deps, context) => {
  const { driver } = deps;
  const { vm, signal } = context;
  const present = (await driver.inspect(vm.id, { signal })).disk;
  if (present.kind === 'present') return { imageDigest: present.imageDigest };
  const machine = await machineSpec(deps, vm);
  const { from } = machine;
  if (from?.kind === 'snapshot') return await driver.createDisk({ ...machine, from }, { signal });
  const image = requireImage(context);
  const contents = await findContents(deps.images, vm.spec.disks);
  // Removed since the plan was made, by somebody else who has this cache: it is had again.
  if (contents === null) throw contentGone();
  const packs = fixedPacks(deps, context);
  const disk = { ...machine, image, contents, ...(packs.length === 0 ? {} : { packs }) };
  const made = (await copyTemplates(deps, context)) ?? (await driver.createDisk(disk, { signal }));
  await noteUsed(deps, packs);
  return made;
};

/** What of its tools a disk is made with. Throws `unavailable` driver.pack_gone. */
function fixedPacks({ driver }: StepDeps, { packs }: StepContext): readonly Pack[] {
  if (!driver.capabilities.supportsFixedPacks) return [];
  if (packs === null) throw packGone();
  return packs;
}

/** Null where there is no template, or its disk cannot be copied: the start of the machine, which needs more of it than that, will tell. */
async function copyTemplates(deps: StepDeps, context: StepContext): Promise<StepResult | null> {
  const { driver, warm, log } = deps;
  const { vm, signal } = context;
  const image = requireImage(context);
  const from = await warm.find({ ...vm, imageDigest: image.digest }, { signal });
  if (from === null) return null;
  try {
    return await driver.createDisk({ ...(await machineSpec(deps, vm)), image, from }, { signal });
  } catch (error) {
    signal.throwIfAborted();
    const { code } = toVolaryError(error);
    if (code !== 'data_loss' && code !== 'failed_precondition') throw error;
    log.warn('the disk of a warm template could not be copied', { vmId: vm.id, key: from.key, error });
    return null;
  }
}

function contentGone(): VolaryError {
  return new VolaryError('unavailable', 'What a disk begins with was removed before the disk had been made from it.', {
    reason: 'driver.image_gone',
  });
}
