import type { VmId } from '../domain/ids.ts';
import { createAges } from './ages.ts';
import { type ChangeDeps, createDeps, type GivenPorts } from './create-deps.ts';
import { createGuests } from './create-guests.ts';
import { createResources } from './create-resources.ts';
import { createWatches } from './create-watches.ts';
import type { EngineConfig } from './deps.ts';
import { createIdempotency } from './idempotency/claims.ts';
import { createIdentity } from './identity/create-identity.ts';
import { createReceiver } from './integrations/receiver.ts';
import { createRegistry } from './integrations/registry.ts';
import { createNetworkKeeper } from './networks/network-keeper.ts';
import { createIntegrationLooks } from './readiness/integration-looks.ts';
import { createVmReconciler } from './reconcile/vm-reconciler.ts';
import { createKeyRotations } from './secrets/rotate-key.ts';
import { createTemplateMaker } from './warm/template-maker.ts';
import { createWarmStarts } from './warm/warm-starts.ts';

/** All that the faces ask and that works by itself. Nothing of it runs yet. */
export type Parts = ReturnType<typeof createParts>;

export function createParts(given: GivenPorts, config: EngineConfig) {
  const { deps: ports, pool } = createDeps(given, config);
  const templateMaker = createTemplateMaker({ ...ports, config, pool });
  const warm = createWarmStarts({ ...ports, config, pool, templates: templateMaker });
  const deps: ChangeDeps = { ...ports, config, pool, warm, wake, giveWay: () => pool.release() };
  const networkKeeper = createNetworkKeeper(deps);
  const guests = createGuests(deps);
  const reconciler = createVmReconciler({ ...deps, ...guests, networkKeeper });
  const registry = createRegistry(deps);
  const ages = createAges(deps.clock);
  const identity = createIdentity(deps, config, ages);
  const idempotency = createIdempotency({ ...deps, ages });

  function wake(vmId: VmId): void {
    reconciler.interrupt(vmId);
    deps.queue.enqueue(`vm:${vmId}`);
  }

  return {
    ...{ deps, pool, templateMaker, warm, networkKeeper, reconciler, registry, ages, identity, idempotency },
    ...guests,
    ...createResources(deps, guests, templateMaker),
    ...createWatches(deps, guests),
    integrationLooks: createIntegrationLooks(deps, registry),
    receiver: createReceiver({ ...deps, registry, idempotency, authenticate: identity.authenticate }),
    rotations: createKeyRotations({ ...deps, hostId: config.hostId }),
  };
}
