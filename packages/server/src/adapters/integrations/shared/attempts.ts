import { VolaryError } from '../../../domain/errors.ts';
import type { IntegrationHealth, IntegrationName } from '../../../domain/integrations.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { SendOutcome } from '../../../ports/webhook-sender.ts';
import { createVendorCall, type VendorCall } from './vendor-call.ts';
import { VendorFailure } from './vendor-failure.ts';

/** Makes one request by this call, and throws a VendorFailure when nothing came of it. */
export type Request<T> = (call: VendorCall) => Promise<T>;

interface Abortable {
  readonly signal: AbortSignal;
}

/** Requests to one vendor, each made once and within a bounded time, and what came of them in the words of whoever asked. */
export interface Attempts {
  /** To be written down. Rejects with the signal's reason alone. */
  outcome(request: Request<unknown>, options: Abortable): Promise<SendOutcome>;
  /** To be answered with. Throws `failed_precondition` integration.refused, `unavailable` integration.unavailable, and the signal's reason. */
  result<T>(request: Request<T>, options: Abortable): Promise<T>;
  /** Whether it was answered as it should be. Never rejects. */
  health(request: Request<string | null>, options: Abortable): Promise<IntegrationHealth>;
}

export interface AttemptConfig {
  readonly name: IntegrationName;
  /** Never told, whatever the other side answers. */
  readonly secret: string;
  /** How long a request may take with everything. Default 10 s. */
  readonly timeoutMs?: number;
}

const CALLED: Readonly<Record<IntegrationName, string>> = { github: 'GitHub', slack: 'Slack', discord: 'Discord' };
/** Kept of what the other side says, characters. */
const WORDS = 500;

export type AttemptClock = Pick<Clock, 'now' | 'monotonicMs'>;

export function createAttempts({ clock }: { readonly clock: AttemptClock }, config: AttemptConfig): Attempts {
  const { name, secret, timeoutMs = 10_000 } = config;

  /** Throws a VendorFailure that does not tell the secret, or the signal's reason. */
  async function once<T>(request: Request<T>, signal: AbortSignal): Promise<T> {
    const overtime = AbortSignal.timeout(timeoutMs);
    const call = createVendorCall(AbortSignal.any([signal, overtime]));
    try {
      return await request(call);
    } catch (error) {
      signal.throwIfAborted();
      if (overtime.aborted) throw overdue();
      // Before what a library has made of it.
      const failure = call.failure() ?? error;
      throw failure instanceof VendorFailure ? failure.inOtherWords(withoutSecret(failure.message)) : failure;
    }
  }

  const withoutSecret = (words: string): string =>
    words
      .replaceAll(secret, '(secret)')
      .replaceAll(/[^\P{C}]+|\s+/gu, ' ')
      .trim()
      .slice(0, WORDS);

  return {
    async outcome(request, { signal }) {
      const at = clock.now();
      const begunMs = clock.monotonicMs();
      const took = (): number => Math.round(clock.monotonicMs() - begunMs);
      try {
        await once(request, signal);
        return { at, status: 200, error: null, response: '', durationMs: took(), retryAfterMs: null };
      } catch (error) {
        if (!(error instanceof VendorFailure)) throw error;
        const { status, error: why, message: response, retryAfterMs, kind } = error;
        const isFinal = kind === 'final';
        return { at, status, error: why, response, durationMs: took(), retryAfterMs, isFinal };
      }
    },
    async result(request, { signal }) {
      try {
        return await once(request, signal);
      } catch (error) {
        if (error instanceof VendorFailure) throw toError(name, error);
        throw error;
      }
    },
    async health(request, { signal }) {
      try {
        return { why: null, detail: await once(request, signal) };
      } catch (error) {
        const words = error instanceof VendorFailure ? error.message : 'it could not be asked';
        return { why: `${CALLED[name]}: ${words}.`, detail: null };
      }
    },
  };
}

/** Without an answer nobody knows whether it was done: so it is said. */
function toError(name: IntegrationName, failure: VendorFailure): VolaryError {
  const { kind, status, message: words, retryAfterMs: retry_after_ms } = failure;
  const details = { integration: name, status, ...(retry_after_ms === null ? {} : { retry_after_ms }) };
  if (kind !== 'later') {
    return new VolaryError('failed_precondition', `${CALLED[name]} has refused it: ${words}.`, {
      ...{ reason: 'integration.refused', details, cause: failure },
    });
  }
  const doubt = failure.isUnknown ? ' It may have been done all the same.' : '';
  return new VolaryError('unavailable', `${CALLED[name]} cannot be reached now: ${words}.${doubt}`, {
    ...{ reason: 'integration.unavailable', details, cause: failure },
  });
}

function overdue(): VendorFailure {
  return new VendorFailure('it did not answer in time', { kind: 'later', error: 'timeout', isUnknown: true });
}
