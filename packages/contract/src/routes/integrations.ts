import { IntegrationList } from '../integrations.ts';
import { json, route } from '../route.ts';

export const listIntegrations = route({
  method: 'GET',
  path: '/v1/integrations',
  operationId: 'listIntegrations',
  tag: 'integrations',
  summary: 'List integrations, and how they are',
  description: 'GitHub, Slack and Discord, also those that this server is not connected with.',
  permission: 'integration:read',
  responses: { 200: { description: 'All supported ones.', content: [json(IntegrationList)] } },
  errors: {},
});
