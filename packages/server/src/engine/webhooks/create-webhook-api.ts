import type { WebhookApi } from '../apis/webhook-api.ts';
import { createWebhook, type WebhookDeps } from '../operations/create-webhook.ts';
import { deleteWebhook } from '../operations/delete-webhook.ts';
import { replayWebhook } from '../operations/replay-webhook.ts';
import { testWebhook } from '../operations/test-webhook.ts';
import { updateWebhook } from '../operations/update-webhook.ts';
import { createWebhookQueries } from '../queries/webhooks.ts';

/** The webhooks of engine.ts. */
export function createWebhookApi(deps: WebhookDeps): WebhookApi {
  return {
    create: (principal, request, options) => createWebhook(deps, principal, request, options),
    update: (principal, id, change, options) => updateWebhook(deps, principal, id, change, options),
    delete: (principal, id, unchanged) => deleteWebhook(deps, principal, id, unchanged),
    test: (principal, id, options) => testWebhook(deps, principal, id, options),
    replay: (principal, id, what, options) => replayWebhook(deps, principal, id, what, options),
    ...createWebhookQueries(deps),
  };
}
