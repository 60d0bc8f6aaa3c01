import { randomBytes } from 'node:crypto';
import { VolaryError } from '../../domain/errors.ts';
import type { Event } from '../../domain/events.ts';
import type { AllowedTargets } from '../../domain/net/target.ts';
import type { TryError } from '../../domain/webhook/delivery.ts';
import { parseTarget } from '../../domain/webhook/target.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SendOutcome, WebhookMessage, WebhookSender } from '../../ports/webhook-sender.ts';
import { type Resolve, resolveBySystem, resolveTarget } from '../shared/resolve-target.ts';
import { type Answer, post } from './post.ts';
import { sign } from './signature.ts';

export interface WebhookSenderDeps {
  readonly clock: Clock;
  /** The body of the request that tells of this event. */
  readonly toBody: (event: Event) => string;
  /** Default: as this machine does it. */
  readonly resolve?: Resolve;
}

export interface WebhookSenderConfig {
  /** Of the server, for `User-Agent`. */
  readonly version: string;
  readonly allowedTargets: AllowedTargets;
  /** How long a request may take with everything. Default 10 s. */
  readonly timeoutMs?: number;
}

/** Sends webhooks by HTTP/1.1, each on a connection of its own. */
export function createHttpWebhookSender(deps: WebhookSenderDeps, config: WebhookSenderConfig): WebhookSender {
  const { clock, toBody, resolve = resolveBySystem } = deps;
  const { version, allowedTargets: allowed, timeoutMs = 10_000 } = config;

  async function sendOnce(
    message: WebhookMessage,
    signal: AbortSignal,
  ): Promise<Answer | Exclude<TryError, 'status' | 'redirected' | 'timeout'>> {
    const url = parseTarget(message.url);
    const target = await resolveTarget(url, { resolve, allowed, signal });
    if (target.kind === 'unresolved') return 'unresolved';
    if (target.kind === 'refused') return 'target_refused';
    const { event, deliveryId, secrets } = message;
    const body = toBody(event);
    const { timestamp, signature } = sign(body, secrets, clock.now());
    const headers = {
      'content-type': 'application/json',
      'user-agent': `Volary/${version}`,
      'volary-event-id': String(event.sequence),
      'volary-event-type': event.type,
      'volary-delivery': deliveryId,
      'volary-timestamp': timestamp,
      'volary-signature': signature,
    };
    return await post(url, target.addresses, { headers, body, signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      return isParserError(error) ? 'invalid_response' : 'connection_failed';
    });
  }

  return {
    async checkTarget(text, { signal }) {
      const url = parseTarget(text);
      const overtime = AbortSignal.timeout(timeoutMs);
      try {
        const target = await resolveTarget(url, { resolve, allowed, signal: AbortSignal.any([signal, overtime]) });
        if (target.kind === 'refused') throw targetRefused(url);
      } catch (error) {
        if (!overtime.aborted || signal.aborted) throw error;
      }
    },
    async send(message, { signal }) {
      const at = clock.now();
      const begunMs = clock.monotonicMs();
      const overtime = AbortSignal.timeout(timeoutMs);
      const outcome = await sendOnce(message, AbortSignal.any([signal, overtime])).catch((error: unknown) => {
        signal.throwIfAborted();
        if (overtime.aborted) return 'timeout' as const;
        throw error;
      });
      const durationMs = Math.round(clock.monotonicMs() - begunMs);
      if (typeof outcome !== 'string') return { at, durationMs, ...judge(outcome, clock.now()) };
      return { at, durationMs, status: null, error: outcome, response: '', retryAfterMs: null };
    },
    createSecret: () => `whsec_${randomBytes(32).toString('base64url')}`,
  };
}

/** What an answer means. A redirect is not followed: it would lead where nobody has looked. */
function judge(
  { status, body, retryAfter }: Answer,
  now: number,
): Pick<SendOutcome, 'status' | 'error' | 'response' | 'retryAfterMs'> {
  const response = toText(body);
  const retryAfterMs = readRetryAfter(retryAfter, now);
  if (status >= 200 && status < 300) return { status, error: null, response, retryAfterMs: null };
  return { status, error: status >= 300 && status < 400 ? 'redirected' : 'status', response, retryAfterMs };
}

/** Seconds, or a date (RFC 9110, 10.2.3); null for neither. */
function readRetryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  // What `Date.parse` takes besides for a date is none in HTTP.
  const at = value.endsWith(' GMT') ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

/** Bytes of somebody else's as text that may be shown anywhere: no control characters besides line breaks and tabs. */
function toText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replaceAll(/[^\P{C}\n\t]/gu, '\uFFFD');
}

function isParserError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('HPE_');
}

/** `invalid_argument` webhook.target_refused. Does not say which addresses a name has: that is not everybody's business. */
function targetRefused(url: URL): VolaryError {
  return new VolaryError(
    'invalid_argument',
    `${url.host} is not on the public internet; whoever runs the server may allow it with webhook_allowed_targets.`,
    { reason: 'webhook.target_refused', details: { field: 'url' } },
  );
}
