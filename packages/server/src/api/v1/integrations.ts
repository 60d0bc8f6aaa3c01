import { type Integration, routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import type { IntegrationStatus } from '../../engine/apis/integration-api.ts';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';
import { toIso } from './dto/to-iso.ts';

/** What this server is connected with. */
export function mountIntegrations(app: FastifyInstance, { engine: { integrations } }: V1Context): void {
  mount(app, routes.listIntegrations, async ({ principal }) => {
    return { items: (await integrations.list(principal)).map(toIntegrationDto) };
  });
}

function toIntegrationDto({ name, health, lastDelivery, ...of }: IntegrationStatus): Integration {
  return {
    name,
    is_configured: of.isConfigured,
    takes_deliveries: of.takesDeliveries,
    can_send: of.sends,
    status: health.state,
    why: health.why,
    detail: health.detail,
    last_delivery:
      lastDelivery === null
        ? null
        : { at: toIso(lastDelivery.receivedAt), kind: lastDelivery.kind, action: lastDelivery.action },
  };
}
