import type { VolaryClient } from '@volary/sdk';
import type { Ask } from '../../testing/send.ts';
import { type Case, UNKNOWN_WEBHOOK } from './routes.test-kit.ts';

/** The cases of webhooks. `client` is asked for when a case is run. */
export function webhookCases(client: () => VolaryClient) {
  /** A webhook that leads nowhere: the name is one that is never given to anybody. */
  async function webhook(): Promise<Ask> {
    const { id } = await client().webhooks.create({ url: 'http://hooks.invalid/', is_enabled: false });
    return { params: { id } };
  }

  return {
    createWebhook: {
      ask: () => ({ body: { url: 'https://hooks.invalid/in', types: ['vm.started'], vm: 'first', is_enabled: false } }),
      status: 201,
      failing: { ask: { body: { url: 'http://127.0.0.1:1/' } }, status: 400, reason: 'webhook.target_refused' },
    },
    listWebhooks: {
      ask: async () => {
        await webhook();
        return { query: { limit: 1 } };
      },
      status: 200,
      failing: { ask: { query: { cursor: 'vm_x' } }, status: 400, reason: 'request.invalid' },
    },
    getWebhook: { ask: webhook, status: 200, failing: UNKNOWN_WEBHOOK },
    updateWebhook: {
      ask: async () => ({ ...(await webhook()), body: { rotate_secret: true, description: 'New', vm: null } }),
      status: 200,
      failing: { ...UNKNOWN_WEBHOOK, ask: { ...UNKNOWN_WEBHOOK.ask, body: { is_enabled: true } } },
    },
    deleteWebhook: { ask: webhook, status: 204, failing: UNKNOWN_WEBHOOK },
    testWebhook: { ask: webhook, status: 200, failing: UNKNOWN_WEBHOOK },
    listWebhookDeliveries: {
      ask: async () => {
        const tested = await webhook();
        await client().webhooks.test(tested.params?.['id'] ?? '');
        return { ...tested, query: { state: 'dead' } };
      },
      status: 200,
      failing: UNKNOWN_WEBHOOK,
    },
    listDeliveries: {
      ask: async () => {
        const tested = await webhook();
        await client().webhooks.test(tested.params?.['id'] ?? '');
        return { query: { state: 'dead', limit: 1 } };
      },
      status: 200,
      failing: { ask: { query: { state: 'late' } }, status: 400, reason: 'request.invalid' },
    },
    replayWebhook: {
      ask: async () => ({ ...(await webhook()), body: { sequences: [1, 2] } }),
      status: 200,
      failing: { ...UNKNOWN_WEBHOOK, ask: { ...UNKNOWN_WEBHOOK.ask, body: { after: 0 } } },
    },
  } as const satisfies Readonly<Record<string, Case>>;
}
