import { VolaryError } from '../../domain/errors.ts';
import type { EventType } from '../../domain/events.ts';
import type { NotificationTarget } from '../../domain/integrations.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { isEcho, type Webhook } from '../../domain/webhook/webhook.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineDeps } from '../deps.ts';
import { outgoingOf } from '../integrations/outgoing.ts';

/** What is asked beside the target. */
interface Asked {
  readonly types?: readonly EventType[] | null;
  readonly secret?: string | null;
  readonly rotateSecret?: boolean;
}

/**
 * Whether a webhook may lead there: what it tells goes out with the installation's own token. Throws `permission_denied` access.denied, `invalid_argument` webhook.unsigned / webhook.echo,
 * `failed_precondition` integration.not_connected.
 */
export function checkTarget(
  deps: Pick<EngineDeps, 'integrations'>,
  principal: Principal,
  { integration }: NotificationTarget,
  asked: Asked,
): void {
  authorise(principal, 'integration:send');
  checkAsked(asked);
  outgoingOf(deps, integration);
}

/** Whether somebody may have it send now. Throws `permission_denied` access.denied. */
export function checkSending(principal: Principal, { target }: Pick<Webhook, 'target'>): void {
  if (target !== null) authorise(principal, 'integration:send');
}

/** Whether it may be told of this, when somebody asks for it by its `field`. Throws `invalid_argument` webhook.echo. */
export function checkEcho({ target }: Pick<Webhook, 'target'>, type: EventType, field: string): void {
  if (target !== null && isEcho(type)) throw echo(type, field);
}

/** The same of what a webhook that has one is to become. Throws `invalid_argument` webhook.other_kind for a URL in place of a target, or the reverse. */
export function checkChange(
  deps: Pick<EngineDeps, 'integrations'>,
  principal: Principal,
  { target: before }: Pick<Webhook, 'target'>,
  { url, target, ...asked }: Asked & { readonly url?: string; readonly target?: NotificationTarget },
): void {
  if (before === null ? target !== undefined : url !== undefined) {
    throw new VolaryError('invalid_argument', 'A webhook has a URL or a target for good; make another one.', {
      ...{ reason: 'webhook.other_kind', details: { field: before === null ? 'target' : 'url' } },
    });
  }
  if (before === null) return;
  authorise(principal, 'integration:send');
  checkAsked(asked);
  if (target !== undefined) outgoingOf(deps, target.integration);
}

function checkAsked({ types, secret, rotateSecret }: Asked): void {
  if ((secret ?? null) !== null || rotateSecret === true) {
    throw new VolaryError('invalid_argument', 'What goes to an integration is not signed, so it has no secret.', {
      ...{ reason: 'webhook.unsigned', details: { field: 'secret' } },
    });
  }
  const type = types?.find(isEcho);
  if (type !== undefined) throw echo(type, 'types');
}

function echo(type: EventType, field: string): VolaryError {
  return new VolaryError(
    'invalid_argument',
    `No integration is told of ${type}: what is sent there would come in again.`,
    {
      ...{ reason: 'webhook.echo', details: { field } },
    },
  );
}
