import type { EventType } from '../events.ts';
import type { VmId, WebhookId } from '../ids.ts';
import type { NotificationTarget } from '../integrations.ts';
import type { EpochMs } from '../time.ts';

/** Somebody who is told of events in the order of the log: each by a signed HTTP request, or as a message of an integration. */
export interface Webhook {
  readonly id: WebhookId;
  /** May itself be a secret: nothing of it stands in events or the log. Null of one that has a target. */
  readonly url: string | null;
  /** Where an integration tells of it; null of one that has a URL. */
  readonly target: NotificationTarget | null;
  /** Null: events of all types. */
  readonly types: readonly EventType[] | null;
  /** Null: events about anything. */
  readonly vmId: VmId | null;
  /** Only events about what this user owns; null: about anything. Its maker could see no more, and it stays so. */
  readonly eventsOf: string | null;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Those that sign, the present one first; older ones while receivers change over. Never shown. None where there is a target. */
  readonly secrets: readonly SigningSecret[];
  readonly isEnabled: boolean;
  /** `failing`: we have disabled it ourselves; null when it is enabled, or somebody asked for it. */
  readonly disabledBecause: 'failing' | null;
  /** Of the last event that was dealt with: each up to it was delivered, was not asked for, or has a delivery of its own. */
  readonly cursor: number;
  /** Tries that failed since the last one that did not; null if that was the last. */
  readonly failures: { readonly count: number; readonly since: EpochMs } | null;
  readonly lastDeliveredAt: EpochMs | null;
  readonly owner: string;
  readonly createdAt: EpochMs;
  /** When its settings were last changed, by somebody or by us; it rises with each of these changes, and so tells them apart. */
  readonly updatedAt: EpochMs;
  readonly revision: number;
}

export interface SigningSecret {
  /** The value, sealed for `signingContextOf`. */
  readonly stored: string;
  /** False of one that is stored as it is: by a version that sealed none, until a server that does has started. */
  readonly isSealed: boolean;
  /** Null: until it is changed. */
  readonly expiresAt: EpochMs | null;
}

/**
 * Whether it tells of what has come in from an integration. What is sent there comes in again, and would be told without end: so that is told to no
 * integration.
 */
export function isEcho(type: EventType): boolean {
  return type.startsWith('integration.');
}

/** For a change at this moment: later than that of the one before, also when that was in the same millisecond, or the clock was set back. */
export function nextUpdatedAt({ updatedAt }: Pick<Webhook, 'updatedAt'>, now: EpochMs): EpochMs {
  return Math.max(now, updatedAt + 1);
}

/** Secrets that sign at the same time: more changes within the overlap end the oldest one early. */
const MOST_SECRETS = 3;

/** What its secrets are sealed for. */
export function signingContextOf({ id }: Pick<Webhook, 'id'>): string {
  return `webhook/${id}`;
}

/** Those that sign now, the present one first. */
export function secretsAt({ secrets }: Pick<Webhook, 'secrets'>, now: EpochMs): readonly SigningSecret[] {
  return secrets.filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
}

/** The secrets after a change to one that is sealed so: what signs now goes on signing beside it, for `overlapMs` at most. */
export function rotateSecrets(
  { secrets }: Pick<Webhook, 'secrets'>,
  stored: string,
  { now, overlapMs }: { readonly now: EpochMs; readonly overlapMs: number },
): readonly SigningSecret[] {
  const older = secretsAt({ secrets }, now)
    .filter((secret) => secret.stored !== stored)
    .map((secret) => ({ ...secret, expiresAt: secret.expiresAt ?? now + overlapMs }));
  return [{ stored, isSealed: true, expiresAt: null }, ...older].slice(0, MOST_SECRETS);
}
