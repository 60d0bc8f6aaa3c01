/** Why something could not be fetched. Messages name the host of a URL and no more of it: a URL may hold a secret. */
import { VolaryError } from '../../../domain/errors.ts';

export function invalidUrl(): VolaryError {
  return new VolaryError('invalid_argument', 'What is to be downloaded is named by an absolute URL, http: or https:.', {
    reason: 'download.invalid_url',
  });
}

/** Does not say which addresses a name has: that is not everybody's business. */
export function targetRefused(url: URL, { isRedirect }: { readonly isRedirect: boolean }): VolaryError {
  const what = isRedirect ? `The download was sent on to ${url.host}, which` : url.host;
  return new VolaryError(
    'invalid_argument',
    `${what} is not on the public internet; whoever runs the server may allow it with download_allowed_targets.`,
    { reason: 'download.target_refused' },
  );
}

export function tooManyRedirects(url: URL): VolaryError {
  return new VolaryError('failed_precondition', `${url.host} sends the download on and on.`, {
    reason: 'download.too_many_redirects',
  });
}

/** Not the asker's fault: the URL that was asked for is one. */
export function sentAstray(url: URL): VolaryError {
  return new VolaryError(
    'failed_precondition',
    `${url.host} sends the download on to what is no plain URL of http: or https:.`,
    { reason: 'download.refused' },
  );
}

/** An answer that another try would get again. */
export function refused(url: URL, status: number): VolaryError {
  return new VolaryError('failed_precondition', `${url.host} answers the download with HTTP ${status}.`, {
    reason: 'download.refused',
    details: { status },
  });
}

export function encoded(url: URL): VolaryError {
  return new VolaryError(
    'failed_precondition',
    `${url.host} sends the file compressed on the way, which it was asked not to do.`,
    { reason: 'download.encoded' },
  );
}

export function tooLarge(url: URL, maxBytes: number): VolaryError {
  return new VolaryError('failed_precondition', `What ${url.host} sends is larger than ${maxBytes} bytes.`, {
    reason: 'download.too_large',
    details: { maximum: maxBytes },
  });
}

export function checksumMismatch(algorithm: string, expected: string, actual: string): VolaryError {
  return new VolaryError(
    'failed_precondition',
    `The file is not the one that was asked for: its ${algorithm} is ${actual}, not ${expected}.`,
    { reason: 'download.checksum_mismatch', details: { algorithm, expected, actual } },
  );
}

/** What may be otherwise a moment later. */
export function unavailable(url: URL, what: string, cause?: unknown): VolaryError {
  return new VolaryError('unavailable', `${url.host} ${what}.`, { reason: 'download.unavailable', cause });
}

/** Nothing that is tried again by itself: then it would hold its place all the same. */
export function tooSlow(url: URL, leastBytes: number, windowMs: number): VolaryError {
  return new VolaryError(
    'failed_precondition',
    `${url.host} sends less than ${leastBytes / 1024} KiB in ${windowMs / 1000} s, which is too slow to wait for.`,
    { reason: 'download.too_slow' },
  );
}

export function diskFull(cause: unknown): VolaryError {
  return new VolaryError('resource_exhausted', 'The disk is full: there is no room for what is downloaded.', {
    reason: 'download.disk_full',
    cause,
  });
}
