import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { VolaryError } from '../../../domain/errors.ts';

/** How far the clock of whoever has signed may be from ours: an older request may have been sent by somebody else again. */
const WINDOW_SECONDS = 300;

/** Whether `shown` (64 hexadecimal digits) is the HMAC-SHA256 of these parts, one after the other. Takes as long for one that is nearly right as for any. */
export function isHmacOf(secret: string, parts: readonly (string | Uint8Array)[], shown: string): boolean {
  if (!/^[0-9a-f]{64}$/i.test(shown)) return false;
  const hmac = createHmac('sha256', secret);
  for (const part of parts) hmac.update(part);
  return timingSafeEqual(hmac.digest(), Buffer.from(shown, 'hex'));
}

/** SHA-256 of these parts, one after the other, in hexadecimal. */
export function digestOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** The header; throws `unauthenticated` integration.signature_missing. */
export function requireHeader(headers: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = headers[name];
  if (value !== undefined && value !== '') return value;
  throw new VolaryError('unauthenticated', `The header ${name} is missing, which shows who has sent this.`, {
    reason: 'integration.signature_missing',
    details: { header: name },
  });
}

/** Throws `unauthenticated` integration.signature_expired, or integration.signature_invalid for what is no Unix time in seconds. */
export function requireRecent(timestamp: string, nowMs: number): void {
  if (!/^[0-9]{1,12}$/.test(timestamp)) throw invalidSignature();
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) <= WINDOW_SECONDS) return;
  throw new VolaryError(
    'unauthenticated',
    `This was signed more than ${WINDOW_SECONDS / 60} minutes from now by the clock of this server; it may have been sent before.`,
    { reason: 'integration.signature_expired', details: { window_seconds: WINDOW_SECONDS } },
  );
}

/** `unauthenticated` integration.signature_invalid. */
export function invalidSignature(): VolaryError {
  return new VolaryError('unauthenticated', 'The signature is not that of this body by the secret that is set here.', {
    reason: 'integration.signature_invalid',
  });
}
