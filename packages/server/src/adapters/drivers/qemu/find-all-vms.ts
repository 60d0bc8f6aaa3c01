import type { VmId } from '../../../domain/ids.ts';
import type { FoundVm } from '../../../ports/driver.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import type { Log } from '../../../ports/log.ts';
import { isUnreadable } from '../../shared/read-facts.ts';
import { isOfNobody, readDiskOrigin } from './disk-origin.ts';
import { inspectVm } from './inspect.ts';
import { readRecord } from './launch-record.ts';
import type { Machines } from './machines.ts';
import { listVmIds, type VmDirectory } from './vm-directory.ts';

interface FindDeps {
  readonly dataDir: string;
  readonly installationId: string;
  readonly log: Log;
}

/**
 * All VMs that have a directory here, except those whose machine another installation or a newer version has started, and those of which
 * nobody can tell now: they keep nobody from the others.
 */
export async function findAllVms(deps: FindDeps, machines: Machines, options: Abortable): Promise<readonly FoundVm[]> {
  const found: FoundVm[] = [];
  for (const vmId of await listVmIds(deps.dataDir)) {
    try {
      const vm = await findOne(deps, machines, { vmId, ...options });
      if (vm !== null) found.push(vm);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      deps.log.warn('what there is of a VM cannot be read now; it is left alone', { vmId, error });
    }
  }
  return found;
}

async function findOne(
  { installationId }: FindDeps,
  machines: Machines,
  { vmId, ...options }: Abortable & { readonly vmId: VmId },
): Promise<FoundVm | null> {
  const directory = machines.directory(vmId);
  const stored = await readRecord(directory.recordPath);
  if (stored.kind === 'newer' || (stored.kind === 'valid' && stored.record.installationId !== installationId))
    return null;
  const isSpare =
    stored.kind === 'valid' ? stored.record.isSpare === true : stored.kind === 'none' && (await isOfSpare(directory));
  return { vmId, observation: await inspectVm(machines, vmId, options), isSpare };
}

/** A server was killed over making a spare, or over ending one. */
async function isOfSpare(directory: VmDirectory): Promise<boolean> {
  const origin = await readDiskOrigin(directory);
  return origin !== null && isOfNobody(origin);
}
