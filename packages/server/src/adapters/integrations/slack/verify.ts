import type { IncomingDelivery } from '../../../domain/integrations.ts';
import { invalidSignature, isHmacOf, requireHeader, requireRecent } from '../shared/signatures.ts';

/**
 * By https://docs.slack.dev/authentication/verifying-requests-from-slack. Throws `unauthenticated` integration.signature_missing,
 * integration.signature_invalid, integration.signature_expired.
 */
export function verifySlack(
  { headers, body }: IncomingDelivery,
  { secret, nowMs }: { readonly secret: string; readonly nowMs: number },
): void {
  const timestamp = requireHeader(headers, 'x-slack-request-timestamp');
  const shown = requireHeader(headers, 'x-slack-signature');
  if (!shown.startsWith('v0=') || !isHmacOf(secret, ['v0:', timestamp, ':', body], shown.slice('v0='.length)))
    throw invalidSignature();
  requireRecent(timestamp, nowMs);
}
