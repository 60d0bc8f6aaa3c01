/** What signs for a webhook has to be read, so it lies in the database sealed, not as a digest. */
import {
  rotateSecrets,
  type SigningSecret,
  secretsAt,
  signingContextOf,
  type Webhook,
} from '../../domain/webhook/webhook.ts';
import type { Sealer } from '../../ports/sealer.ts';

type Owning = Pick<Webhook, 'id'>;

/** A value as it is stored, to sign until it is changed. To be called within the transaction that stores it. */
export function sealSigningSecret(sealer: Sealer, webhook: Owning, value: string): SigningSecret {
  return { stored: sealed(sealer, webhook, value), isSealed: true, expiresAt: null };
}

/** The value. Throws `data_loss` sealer.* when it cannot be opened. */
export function openSigningSecret(sealer: Sealer, webhook: Owning, { stored, isSealed }: SigningSecret): string {
  return isSealed ? new TextDecoder().decode(sealer.open(stored, signingContextOf(webhook))) : stored;
}

/** The values that sign now, the present one first. Throws as `openSigningSecret` when one of them cannot be opened. */
export function openSigningSecrets(
  sealer: Sealer,
  webhook: Pick<Webhook, 'id' | 'secrets'>,
  now: number,
): readonly string[] {
  return secretsAt(webhook, now).map((secret) => openSigningSecret(sealer, webhook, secret));
}

/**
 * The secrets after a change to this value, which is what it was sealed as before if it signs already. One that cannot be opened signs no more
 * from now on, so that a new value is the way out; its place tells until the next change that there was one before.
 * To be called within the transaction that stores them.
 */
export function changeSecret(
  sealer: Sealer,
  webhook: Pick<Webhook, 'id' | 'secrets'>,
  value: string,
  { now, overlapMs }: { readonly now: number; readonly overlapMs: number },
): readonly SigningSecret[] {
  const lost = webhook.secrets.filter((secret) => !canOpen(sealer, webhook, secret));
  const { secrets } = sealOlder(sealer, {
    ...webhook,
    secrets: webhook.secrets.filter((secret) => !lost.includes(secret)),
  });
  const same = secrets.find((secret) => openSigningSecret(sealer, webhook, secret) === value);
  const stored = same?.stored ?? sealed(sealer, webhook, value);
  return [
    ...rotateSecrets({ secrets }, stored, { now, overlapMs }),
    ...lost.map((secret) => ({ ...secret, expiresAt: now })),
  ];
}

/** With nothing that lies there as it is: the same one when there is nothing such. */
export function sealOlder<W extends Pick<Webhook, 'id' | 'secrets'>>(sealer: Sealer, webhook: W): W {
  if (webhook.secrets.every(({ isSealed }) => isSealed)) return webhook;
  const seal = (secret: SigningSecret): SigningSecret =>
    secret.isSealed ? secret : { ...secret, stored: sealed(sealer, webhook, secret.stored), isSealed: true };
  return { ...webhook, secrets: webhook.secrets.map(seal) };
}

function sealed(sealer: Sealer, webhook: Owning, value: string): string {
  return sealer.seal(new TextEncoder().encode(value), signingContextOf(webhook));
}

function canOpen(sealer: Sealer, webhook: Owning, secret: SigningSecret): boolean {
  try {
    openSigningSecret(sealer, webhook, secret);
    return true;
  } catch {
    return false;
  }
}
