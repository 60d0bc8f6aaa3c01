import type { Event } from '../../domain/events.ts';
import { parseId } from '../../domain/ids.ts';
import type { NotificationTarget } from '../../domain/integrations.ts';
import { notificationText } from '../../domain/notification-text.ts';
import type { EpochMs } from '../../domain/time.ts';
import { type Delivery, notificationIdOf, type TryError } from '../../domain/webhook/delivery.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { SendOutcome } from '../../ports/webhook-sender.ts';
import type { Ages } from '../ages.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { createRegistry } from '../integrations/registry.ts';
import { createSecretOpener } from './open-secrets.ts';

export type TryDeps = Pick<EngineDeps, 'store' | 'clock' | 'log' | 'webhookSender' | 'keyring' | 'integrations'> & {
  readonly config: EngineConfig;
  readonly ages: Ages;
};

interface Tried {
  readonly delivery: Pick<Delivery, 'id' | 'webhookId' | 'kind' | 'sequence'>;
  readonly event: Event;
}

/** Tells one webhook of an event, once: as its target has it, else by a signed request to its URL. Rejects with the signal's reason alone. */
export function createTry(
  deps: TryDeps,
): (webhook: Webhook, tried: Tried, options: { readonly signal: AbortSignal }) => Promise<SendOutcome> {
  const openSecrets = createSecretOpener(deps);
  return async (webhook, { delivery, event }, options) => {
    const { url, target } = webhook;
    if (target !== null) return await notify(deps, target, { delivery, event }, options);
    // By the age of the change: a clock that is set ahead ends nobody's time to change over.
    const { secretOverlapMs } = deps.config.webhooks;
    const secrets = openSecrets(webhook, deps.ages.before(secretOverlapMs) + secretOverlapMs);
    // A request without a signature is worth nothing to its receiver.
    if (secrets === null || url === null) return unsent(deps.clock.now(), 'secret_unreadable');
    return await deps.webhookSender.send({ url, deliveryId: delivery.id, event, secrets }, options);
  };
}

async function notify(
  deps: TryDeps,
  target: NotificationTarget,
  { delivery, event }: Tried,
  options: { readonly signal: AbortSignal },
): Promise<SendOutcome> {
  const outgoing = createRegistry(deps).find(target.integration)?.outgoing ?? null;
  if (outgoing === null) return unsent(deps.clock.now(), 'not_connected');
  const text = notificationText(event, await vmNameOf(deps, event));
  return await outgoing.sendNotification({ id: notificationIdOf(delivery), event, text, target }, options);
}

/** As it is called now; null when the event is about none, or it is gone. */
async function vmNameOf({ store }: Pick<TryDeps, 'store'>, { vmId }: Event): Promise<string | null> {
  const id = vmId === null ? null : parseId('vm', vmId);
  return id === null ? null : ((await store.vms.get(id))?.name ?? null);
}

/** A try that came to nothing before anything was sent. */
function unsent(at: EpochMs, error: TryError): SendOutcome {
  return { at, status: null, error, response: '', durationMs: 0, retryAfterMs: null };
}
