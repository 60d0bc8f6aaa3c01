import type { IncomingDelivery } from '../../../domain/integrations.ts';
import { invalidSignature, isHmacOf, requireHeader } from '../shared/signatures.ts';

/**
 * By https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries. There is no time in it: a signature is good for ever.
 * Throws `unauthenticated` integration.signature_missing, integration.signature_invalid.
 */
export function verifyGithub({ headers, body }: IncomingDelivery, secret: string): void {
  const shown = requireHeader(headers, 'x-hub-signature-256');
  if (!shown.startsWith('sha256=') || !isHmacOf(secret, [body], shown.slice('sha256='.length)))
    throw invalidSignature();
}
