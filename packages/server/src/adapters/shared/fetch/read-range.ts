import type { IncomingHttpHeaders } from 'node:http';

/** What an answer brings, to somebody who asked for a file from some byte on. */
export type RangeAnswer =
  /** The rest, from there. `totalBytes`: of the whole file. */
  | { readonly kind: 'rest'; readonly totalBytes: number | null }
  /** The file from its start; also any answer that brings none. */
  | { readonly kind: 'whole'; readonly totalBytes: number | null }
  /** There is nothing after that byte. */
  | { readonly kind: 'complete' }
  /** What was asked for cannot be had: from another byte, or of a shorter file. */
  | { readonly kind: 'unusable' };

/** Reads status and headers of the answer to a request for the bytes from `offset` on. */
export function readRange(status: number, headers: IncomingHttpHeaders, offset: number): RangeAnswer {
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  const total = numberIn(range?.[2]);
  if (status === 416) return total === offset && offset > 0 ? { kind: 'complete' } : { kind: 'unusable' };
  if (status !== 206) return { kind: 'whole', totalBytes: numberIn(headers['content-length']) };
  return numberIn(range?.[1]) === offset ? { kind: 'rest', totalBytes: total } : { kind: 'unusable' };
}

function numberIn(text: string | undefined): number | null {
  return text === undefined || !/^\d{1,15}$/.test(text) ? null : Number(text);
}
