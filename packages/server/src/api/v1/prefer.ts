import { LIMITS } from '@volary/contract';

/**
 * How many seconds the caller prefers to wait for the result, at most 300; null without such a preference. A preference that
 * cannot be understood is one that was not stated (RFC 7240, 2).
 */
export function preferredWait(header: string | readonly string[] | undefined): number | null {
  if (header === undefined) return null;
  const text = typeof header === 'string' ? header : header.join(',');
  const seconds = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(text)?.[1];
  return seconds === undefined ? null : Math.min(Number(seconds), LIMITS.waitSeconds.maximum);
}
