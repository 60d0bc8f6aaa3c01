import type { Principal } from '../../domain/principal/principal.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import { authorise } from './authorise.ts';

/** No user has this name: whoever may read what is theirs alone may not read what is this one's. */
const EVERYBODY = '';

/**
 * Throws `permission_denied` access.denied unless the principal may read all that the webhook is told: whoever sends it elsewhere, or has it
 * sent again, would be told that.
 */
export function maySeeEvents(principal: Principal, { eventsOf }: Pick<Webhook, 'eventsOf'>): void {
  authorise(principal, 'event:read', { owner: eventsOf ?? EVERYBODY });
}
