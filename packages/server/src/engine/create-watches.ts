import { createAlertWatch } from './alerts/alert-watch.ts';
import { createRefusals } from './audit/refusals.ts';
import type { ChangeDeps } from './create-deps.ts';
import type { Guests } from './create-guests.ts';
import { createHostSampler } from './metrics/host-sampler.ts';
import { createSampler } from './metrics/sampler.ts';
import { createDiskSpace } from './reconcile/disk-space.ts';
import { createIdleWatch } from './suspend/idle-watch.ts';

/** What looks at the host and its VMs from time to time. */
export function createWatches(deps: ChangeDeps, { links, activity }: Guests) {
  const { config } = deps;
  const sampler = createSampler({ ...deps, links });
  return {
    sampler,
    hostSampler: createHostSampler(deps, { hostId: config.hostId }),
    idle: createIdleWatch({ ...deps, activity, sampler }),
    alerts: createAlertWatch({ ...deps, sampler, settings: config.alerts }),
    diskSpace: createDiskSpace(deps),
    refusals: createRefusals(deps),
  };
}
