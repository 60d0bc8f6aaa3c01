import type { IntegrationList } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import type { Transport } from './transport.ts';

/** What the server is connected with: GitHub, Slack, Discord. */
export interface IntegrationClient {
  /** All there could be, with how each is now. */
  list(options?: Abortable): Promise<IntegrationList>;
}

export function createIntegrationClient(transport: Transport): IntegrationClient {
  return {
    list: ({ signal } = {}) => transport.json({ method: 'GET', path: '/v1/integrations', signal }),
  };
}
