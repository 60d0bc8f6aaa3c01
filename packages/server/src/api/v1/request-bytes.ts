import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { VolaryError } from '../../domain/errors.ts';
import { bodyTimeout } from '../body-time.ts';
import { API_DEFAULTS, type ApiLimits } from '../limits.ts';

/**
 * The raw body, read as fast as its reader takes it. A reader that stops early leaves the connection whole, so that the answer
 * that says why still gets through. No body is an empty one. Throws request.timeout after a pause of `bodyMs`, request.too_large for
 * more than `uploadBytes`.
 */
export async function* requestBytes(
  body: unknown,
  {
    bodyMs: pauseMs = API_DEFAULTS.bodyMs,
    uploadBytes = API_DEFAULTS.uploadBytes,
  }: Partial<Pick<ApiLimits, 'bodyMs' | 'uploadBytes'>> = {},
): AsyncGenerator<Uint8Array> {
  if (!(body instanceof Readable)) return;
  let left = uploadBytes;
  const source: AsyncIterable<Uint8Array> = body.iterator({ destroyOnReturn: false });
  const chunks = source[Symbol.asyncIterator]();
  try {
    for (
      let next = await within(chunks.next(), pauseMs);
      next.done !== true;
      next = await within(chunks.next(), pauseMs)
    ) {
      left -= next.value.length;
      if (left < 0) throw tooLarge(uploadBytes);
      yield next.value;
    }
  } finally {
    // Not awaited: after a pause that was too long it would wait for what does not come.
    chunks.return?.()?.catch(() => undefined);
  }
}

function tooLarge(maximum: number): VolaryError {
  return new VolaryError('invalid_argument', `The body is larger than ${maximum} bytes.`, {
    reason: 'request.too_large',
    details: { maximum_bytes: maximum },
  });
}

async function within<T>(next: Promise<T>, limitMs: number): Promise<T> {
  const over = new AbortController();
  const timeout = sleep(limitMs, undefined, { signal: over.signal, ref: false }).then(() => {
    throw bodyTimeout(limitMs);
  });
  try {
    return await Promise.race([next, timeout]);
  } finally {
    over.abort();
    timeout.catch(() => undefined);
    next.catch(() => undefined);
  }
}
