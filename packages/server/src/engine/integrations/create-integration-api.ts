import { authorise } from '../access/authorise.ts';
import type { IntegrationApi } from '../apis/integration-api.ts';
import type { EngineDeps } from '../deps.ts';
import type { IntegrationLooks } from '../readiness/integration-looks.ts';
import type { Receiver } from './receiver.ts';
import type { IntegrationRegistry } from './registry.ts';
import { createMessageApi } from './send-message.ts';

type IntegrationApiDeps = Pick<EngineDeps, 'store' | 'clock' | 'integrations'> & {
  readonly registry: Pick<IntegrationRegistry, 'all'>;
  readonly looks: Pick<IntegrationLooks, 'now'>;
  readonly receiver: Pick<Receiver, 'receive'>;
};

/** The integrations of engine.ts. */
export function createIntegrationApi(deps: IntegrationApiDeps): IntegrationApi {
  const { store, registry, looks, receiver } = deps;
  return {
    ...createMessageApi(deps),
    async list(principal) {
      authorise(principal, 'integration:read');
      const healths = new Map((await looks.now()).map((health) => [health.name, health]));
      return await Promise.all(
        registry.all().map(async ({ name, integration }) => ({
          name,
          isConfigured: integration !== null,
          takesDeliveries: (integration?.incoming ?? null) !== null,
          sends: (integration?.outgoing ?? null) !== null,
          health: healths.get(name) ?? { name, state: 'disabled', why: null, detail: null },
          lastDelivery: await store.receivedDeliveries.latest(name),
        })),
      );
    },
    receive: receiver.receive,
  };
}
