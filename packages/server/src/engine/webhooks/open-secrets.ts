import type { EpochMs } from '../../domain/time.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { EngineDeps } from '../deps.ts';
import { openSigningSecrets } from './signing-secrets.ts';

/** What the webhook's requests are signed with now; null when it cannot be opened, which is logged once until it can be. */
export function createSecretOpener({
  keyring,
  log,
}: Pick<EngineDeps, 'keyring' | 'log'>): (
  webhook: Pick<Webhook, 'id' | 'secrets'>,
  now: EpochMs,
) => readonly string[] | null {
  let isTold = false;
  return (webhook, now) => {
    try {
      const secrets = openSigningSecrets(keyring, webhook, now);
      isTold = false;
      return secrets;
    } catch (error) {
      if (!isTold) {
        log.error(
          'a webhook is sent nothing, since its secret cannot be opened; bring its key back, or give it a new secret',
          {
            webhookId: webhook.id,
            error,
          },
        );
      }
      isTold = true;
      return null;
    }
  };
}
