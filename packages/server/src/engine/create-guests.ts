import { createCloudInitKeeper } from './cloud-init/cloud-init-keeper.ts';
import type { ChangeDeps } from './create-deps.ts';
import { createHealthWatch } from './health/health-watch.ts';
import { createLogIntake } from './logs/log-intake.ts';
import { createSecretDelivery } from './secrets/delivery.ts';
import { createActivity } from './sessions/activity.ts';
import { createExecutions } from './sessions/executions.ts';
import { createGuestLinks, openerOf } from './sessions/guest-links.ts';
import { createAwaken } from './suspend/awaken.ts';
import { createWorkloadKeeper } from './workloads/workload-keeper.ts';

/** What speaks to guests, and what is had from them. */
export type Guests = ReturnType<typeof createGuests>;

export function createGuests(deps: ChangeDeps) {
  const links = createGuestLinks({ driver: openerOf(deps), log: deps.log });
  const activity = createActivity(deps.clock);
  const awaken = createAwaken(deps);
  const secrets = createSecretDelivery(deps);
  const executions = createExecutions({ ...deps, links, awaken, secrets });
  const cloudInit = createCloudInitKeeper({ ...deps, links, executions });
  const workloads = createWorkloadKeeper({ ...deps, links, secrets, executions });
  const healthWatch = createHealthWatch({ ...deps, links, secrets });
  const logIntake = createLogIntake({
    ...deps,
    flushOutput: async (vmId) => await workloads.find(vmId)?.live.flush(),
  });
  return { links, activity, awaken, secrets, executions, cloudInit, workloads, healthWatch, logIntake };
}
