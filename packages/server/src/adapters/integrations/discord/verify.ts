import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { IncomingDelivery } from '../../../domain/integrations.ts';
import { invalidSignature, requireHeader, requireRecent } from '../shared/signatures.ts';

/** What stands before the 32 bytes of an Ed25519 key in the form that Node reads: RFC 8410. */
const BEFORE_KEY = '302a300506032b6570032100';

/** The key that Discord shows as 64 hexadecimal digits. */
export function discordKeyOf(hex: string): KeyObject {
  return createPublicKey({ key: Buffer.from(BEFORE_KEY + hex, 'hex'), format: 'der', type: 'spki' });
}

/**
 * By https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint-validating-security-request-headers. Throws
 * `unauthenticated` integration.signature_missing, integration.signature_invalid, integration.signature_expired.
 */
export function verifyDiscord(
  { headers, body }: IncomingDelivery,
  { key, nowMs }: { readonly key: KeyObject; readonly nowMs: number },
): void {
  const timestamp = requireHeader(headers, 'x-signature-timestamp');
  const shown = requireHeader(headers, 'x-signature-ed25519');
  if (!/^[0-9a-f]{128}$/i.test(shown)) throw invalidSignature();
  const signed = Buffer.concat([Buffer.from(timestamp), body]);
  if (!verify(null, signed, key, Buffer.from(shown, 'hex'))) throw invalidSignature();
  requireRecent(timestamp, nowMs);
}
