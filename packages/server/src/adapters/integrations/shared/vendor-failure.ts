import type { TryError } from '../../../domain/webhook/delivery.ts';

/**
 * What another try could change. `later`: nobody has to do anything. `denied`: somebody has to mend a token, a right, a setting. `final`: the
 * same will be refused for ever.
 */
export type FailureKind = 'later' | 'denied' | 'final';

/** Why a request to a vendor came to nothing, or may have. */
export class VendorFailure extends Error {
  readonly kind: FailureKind;
  readonly error: TryError;
  /** Of the answer; null when there was none. */
  readonly status: number | null;
  /** When it wants to be asked again, milliseconds from now; null: it did not say. */
  readonly retryAfterMs: number | null;
  /** Nobody knows whether it was done: it was sent, and not answered. */
  readonly isUnknown: boolean;

  /** @param words the other side's own, or what kept it from answering. */
  constructor(
    words: string,
    about: {
      readonly kind: FailureKind;
      readonly error: TryError;
      readonly status?: number | null;
      readonly retryAfterMs?: number | null;
      readonly isUnknown?: boolean;
      /** Nothing that has words of the other side in it: nobody looks for secrets there. */
      readonly cause?: unknown;
    },
  ) {
    super(words, { cause: about.cause });
    this.kind = about.kind;
    this.error = about.error;
    this.status = about.status ?? null;
    this.retryAfterMs = about.retryAfterMs ?? null;
    this.isUnknown = about.isUnknown ?? false;
  }

  /** The same in other words, with nothing of its own but them. */
  inOtherWords(words: string): VendorFailure {
    const { kind, error, status, retryAfterMs, isUnknown, cause } = this;
    return new VendorFailure(words, { kind, error, status, retryAfterMs, isUnknown, cause });
  }
}

/** An answer that is well but for what it says. */
export function unreadable(status: number): VendorFailure {
  return new VendorFailure('it answered with something that cannot be read', {
    ...{ kind: 'later', error: 'invalid_response', status, isUnknown: true },
  });
}

/** What `Retry-After` says in seconds, and nothing else of it: vendors send no dates. */
export function retryAfterMs(headers: Headers): number | null {
  const text = headers.get('retry-after');
  return text !== null && /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Math.ceil(Number(text) * 1000) : null;
}
