import { VolaryApiError, VolaryConnectionError } from '@volary/sdk';
import type { WorkDeps } from './work/asking.ts';
import { workOnBatches } from './work/batches.ts';
import { workOnDeployments } from './work/deployments.ts';
import { workOnNetworks } from './work/networks.ts';
import { workOnVms } from './work/vms.ts';
import { workOnVolumes } from './work/volumes.ts';
import { workOnWorkspaces } from './work/workspaces.ts';

/** What a client may be told: that something else is so now. */
const USUAL_REFUSALS = ['failed_precondition', 'conflict', 'not_found', 'aborted', 'unavailable', 'deadline_exceeded'];

/** One client: asks for one thing after the other until the signal is aborted or the server is gone. */
export async function work(deps: WorkDeps): Promise<void> {
  while (!deps.signal.aborted) {
    try {
      await askForSomething(deps);
    } catch (error) {
      if (deps.signal.aborted || error instanceof VolaryConnectionError) return;
      if (!(error instanceof VolaryApiError)) throw error;
      if (!USUAL_REFUSALS.includes(error.code))
        deps.book.faults.push(`unusual answer: ${error.code} ${error.reason}: ${error.detail}`);
    }
  }
}

async function askForSomething(deps: WorkDeps): Promise<void> {
  const dice = deps.random.next();
  if (dice < 0.14) return await workOnDeployments(deps);
  if (dice < 0.22) return await workOnWorkspaces(deps);
  if (dice < 0.3) return await workOnNetworks(deps);
  if (dice < 0.34) return await workOnVolumes(deps);
  if (dice < 0.4) return await workOnBatches(deps);
  await workOnVms(deps);
}
