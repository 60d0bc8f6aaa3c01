import { createHmac } from 'node:crypto';

/** The values of `Volary-Timestamp` (seconds since 1970) and `Volary-Signature` for this body: one signature for each secret. */
export function sign(
  body: string,
  secrets: readonly string[],
  now: number,
): { readonly timestamp: string; readonly signature: string } {
  const timestamp = String(Math.floor(now / 1000));
  const signature = secrets
    .map((secret) => `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`)
    .join(',');
  return { timestamp, signature };
}
