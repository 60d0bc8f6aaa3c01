import type { WebhookId } from '../../domain/ids.ts';
import { checkLabels, isSameLabels } from '../../domain/labels/labels.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { nextUpdatedAt, type Webhook } from '../../domain/webhook/webhook.ts';
import { authorise } from '../access/authorise.ts';
import { maySeeEvents } from '../access/may-see-events.ts';
import type { ChangedWebhook, WebhookChange } from '../apis/webhook-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { findVm } from '../queries/find-vm.ts';
import { findWebhook } from '../queries/find-webhook.ts';
import type { Unchanged } from '../requests.ts';
import { checkChange } from '../webhooks/check-target.ts';
import { changeSecret } from '../webhooks/signing-secrets.ts';
import type { WebhookDeps } from './create-webhook.ts';
import { requireUnchangedWebhook } from './require-unchanged.ts';
import { doneToWebhook, webhookEvent } from './webhook-events.ts';

/** Changes a webhook. Enabling one forgets its failures, and what waits for a next try is tried at once. */
export async function updateWebhook(
  deps: WebhookDeps,
  principal: Principal,
  id: WebhookId,
  change: WebhookChange,
  { signal, ...unchanged }: Unchanged & { readonly signal: AbortSignal },
): Promise<ChangedWebhook> {
  authorise(principal, 'webhook:update');
  authorise(principal, 'event:read');
  if (change.labels !== undefined) checkLabels(change.labels);
  const asker = { principal, permission: 'webhook:update' } as const;
  const present = await findWebhook(deps.store, asker, id);
  maySeeEvents(principal, present);
  // Which of the two it is stays so.
  checkChange(deps, principal, present, change);
  if (change.url !== undefined) await deps.webhookSender.checkTarget(change.url, { signal });
  const vmId =
    change.vm === undefined || change.vm === null
      ? null
      : (await findVm(deps.store, { principal, permission: 'vm:read' }, change.vm)).id;
  const madeSecret =
    change.secret === undefined && change.rotateSecret === true ? deps.webhookSender.createSecret() : null;
  const webhook = await deps.store.transaction(async (tables) => {
    const now = deps.clock.now();
    const before = await findWebhook(tables, asker, id);
    requireUnchangedWebhook(before, unchanged);
    const secret = change.secret ?? madeSecret;
    const after: Webhook = {
      ...before,
      ...settingsOf(before, change),
      ...(change.vm === undefined ? {} : { vmId }),
      ...(secret === null
        ? {}
        : {
            secrets: changeSecret(deps.keyring, before, secret, {
              now,
              overlapMs: deps.config.webhooks.secretOverlapMs,
            }),
          }),
      updatedAt: nextUpdatedAt(before, now),
      revision: before.revision + 1,
    };
    await tables.webhooks.update(after);
    if (after.isEnabled && !before.isEnabled) await tables.deliveries.restartWaiting(id, now);
    const changed = changedIn(before, after);
    await tables.events.append([webhookEvent('webhook.updated', after, now, { changed })]);
    await recordAudit(tables, deps.clock, principal, doneToWebhook('webhook.update', after, { changed }));
    return after;
  });
  deps.bus.publish('events', '');
  deps.bus.publish('webhook', id);
  return { webhook, madeSecret };
}

function settingsOf(before: Webhook, change: WebhookChange): Partial<Webhook> {
  const { url = before.url, target = before.target, types = before.types } = change;
  const { description = before.description, labels = before.labels } = change;
  const { isEnabled = before.isEnabled } = change;
  if (isEnabled === before.isEnabled) return { url, target, types, description, labels };
  return { url, target, types, description, labels, isEnabled, disabledBecause: null, failures: null };
}

/** Names what has changed, and no value: a URL may hold a secret. */
function changedIn(before: Webhook, after: Webhook): readonly string[] {
  return [
    before.url === after.url ? [] : ['url'],
    JSON.stringify(before.target) === JSON.stringify(after.target) ? [] : ['target'],
    JSON.stringify(before.types) === JSON.stringify(after.types) ? [] : ['types'],
    before.vmId === after.vmId ? [] : ['vm'],
    before.description === after.description ? [] : ['description'],
    isSameLabels(before.labels, after.labels) ? [] : ['labels'],
    before.isEnabled === after.isEnabled ? [] : ['is_enabled'],
    before.secrets[0]?.stored === after.secrets[0]?.stored ? [] : ['secret'],
  ].flat();
}
