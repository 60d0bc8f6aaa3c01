import { VolaryError } from '../../domain/errors.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import { type Principal, reachOf } from '../../domain/principal/principal.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { ChangedWebhook, CreateWebhookRequest } from '../apis/webhook-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallWebhook } from '../idempotency/recall.ts';
import { findVm } from '../queries/find-vm.ts';
import type { Once } from '../requests.ts';
import { checkTarget } from '../webhooks/check-target.ts';
import { openSigningSecret, sealSigningSecret } from '../webhooks/signing-secrets.ts';
import { doneToWebhook, webhookEvent } from './webhook-events.ts';

export type WebhookDeps = Pick<
  EngineDeps,
  'store' | 'bus' | 'clock' | 'ids' | 'webhookSender' | 'keyring' | 'integrations'
> & {
  readonly config: EngineConfig;
};

/** Has somebody told of all that happens from now on. */
export async function createWebhook(
  deps: WebhookDeps,
  principal: Principal,
  request: CreateWebhookRequest,
  { once, signal }: Once & { readonly signal: AbortSignal },
): Promise<ChangedWebhook> {
  authorise(principal, 'webhook:create');
  authorise(principal, 'event:read');
  checkLabels(request.labels);
  const earlier = await recallWebhook(deps, once);
  if (earlier !== null) {
    return { webhook: earlier, madeSecret: request.secret === null ? firstSecret(deps, earlier) : null };
  }
  if (request.target !== undefined) checkTarget(deps, principal, request.target, request);
  else await deps.webhookSender.checkTarget(request.url ?? '', { signal });
  const made = newWebhook(deps, principal, request, {
    vmId: request.vm === null ? null : (await findVm(deps.store, { principal, permission: 'vm:read' }, request.vm)).id,
  });
  const secret = made.target === null ? (request.secret ?? deps.webhookSender.createSecret()) : null;
  const webhook = await deps.store.transaction(async (tables) => {
    await requireRoom(deps, tables);
    await tables.events.append([webhookEvent('webhook.created', made, made.createdAt)]);
    // From here on, and not with its own making.
    const cursor = (await tables.events.bounds()).last;
    const secrets = secret === null ? [] : [sealSigningSecret(deps.keyring, made, secret)];
    const stored = { ...made, cursor, secrets };
    await tables.webhooks.insert(stored);
    await recordAudit(tables, deps.clock, principal, doneToWebhook('webhook.create', made));
    await bindKey(tables, deps.clock, once, { kind: 'webhook', id: made.id });
    return stored;
  });
  deps.bus.publish('events', '');
  deps.bus.publish('webhook', webhook.id);
  return { webhook, madeSecret: request.secret === null ? secret : null };
}

function newWebhook(
  { clock, ids }: WebhookDeps,
  principal: Principal,
  { url, target, types, description, labels, isEnabled }: CreateWebhookRequest,
  { vmId }: { readonly vmId: Webhook['vmId'] },
): Webhook {
  const now = clock.now();
  return {
    id: ids.create('hook'),
    url: target === undefined ? url : null,
    target: target ?? null,
    types,
    vmId,
    eventsOf: reachOf(principal, 'event:read'),
    description,
    labels,
    secrets: [],
    isEnabled,
    disabledBecause: null,
    cursor: 0,
    failures: null,
    lastDeliveredAt: null,
    owner: principal.name,
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
}

async function requireRoom({ config }: WebhookDeps, { webhooks }: Tables): Promise<void> {
  const maximum = config.webhooks.maxCount;
  if ((await webhooks.count()) < maximum) return;
  throw new VolaryError('resource_exhausted', `There are ${maximum} webhooks, and there may be no more.`, {
    reason: 'webhook.too_many',
    details: { maximum },
  });
}

/**
 * The secret that it was made with, for whoever makes it and may not have read the first answer; null once it has been changed, since
 * the new one was told to somebody else. Throws `data_loss` sealer.* when it cannot be opened.
 */
function firstSecret({ keyring }: WebhookDeps, webhook: Webhook): string | null {
  const [only, ...others] = webhook.secrets;
  return only === undefined || others.length > 0 ? null : openSigningSecret(keyring, webhook, only);
}
