/**
 * Downloads: of images, of tools. Each address is judged before it is connected to, also those that a download is sent on to; nothing is
 * taken for what it should be but by its checksum; and what has come of a file stays, so that the next try goes on where this one
 * ended, whoever was killed in between.
 */
import { rm } from 'node:fs/promises';
import { VolaryError } from '../../../domain/errors.ts';
import type { AllowedTargets } from '../../../domain/net/target.ts';
import { type Resolve, resolveBySystem } from '../resolve-target.ts';
import { sleep } from '../sleep.ts';
import { checksumMismatch, encoded, refused, tooLarge, tooSlow, unavailable } from './fetch-errors.ts';
import { type Connecting, openResponse, parseDownloadUrl, type Target } from './open-response.ts';
import { watchPace } from './pace.ts';
import { type Algorithm, openPartFile, type PartFile } from './part-file.ts';
import { readChunks } from './read-chunks.ts';
import { readRange } from './read-range.ts';

export interface FetcherConfig {
  readonly allowedTargets: AllowedTargets;
  /** Of the server, for `User-Agent`. */
  readonly version: string;
  /** Default: as this machine looks names up. */
  readonly resolve?: Resolve;
  /** How long nothing may come before the connection is given up. Default 30 s. */
  readonly stallMs?: number;
  /** Over how long its speed is averaged: 256 KiB have to come in each such window, ms. Default 60 s. */
  readonly windowMs?: number;
  /** The wait before another try, which grows with each that gained nothing. Default 500 ms. */
  readonly retryMs?: number;
}

/** How far a download is. `totalBytes` is null where the other side does not say. */
export interface FetchProgress {
  readonly receivedBytes: number;
  readonly totalBytes: number | null;
}

interface FetchWhat {
  readonly url: string;
  /** More is refused. */
  readonly maxBytes: number;
  /** Whether the URL itself may name an address of this machine or of a private network, instead of a name: for who may do so. Default false. */
  readonly isLocalAllowed?: boolean;
  readonly signal: AbortSignal;
}

export interface FileFetch extends FetchWhat {
  /** Where the file grows. It stays there when the fetch fails halfway, and the next one with this path goes on with it. */
  readonly partPath: string;
  readonly checksum: { readonly algorithm: Algorithm /** Hex, in lower case. */; readonly expected: string };
  readonly onProgress?: (progress: FetchProgress) => void;
}

/**
 * Both throw `invalid_argument` download.invalid_url, download.target_refused; `failed_precondition` download.refused,
 * download.too_many_redirects, download.encoded, download.too_large, download.too_slow; `unavailable` download.unavailable; the signal's reason.
 */
export interface Fetcher {
  /**
   * Returns when the file is whole at `partPath`, on the disk, and has the checksum; whoever asked renames it. The caller alone may use that
   * path meanwhile. Throws besides `failed_precondition` download.checksum_mismatch, and then nothing is left of it,
   * `resource_exhausted` download.disk_full likewise.
   */
  fetchFile(fetch: FileFetch): Promise<void>;
  /** Something small, in memory: a list of checksums, say. `accept`: the header. */
  fetchBytes(fetch: FetchWhat & { readonly accept?: string }): Promise<Uint8Array>;
}

/** Tries in a row that gained nothing, before it is given up. */
const MAX_VAIN_TRIES = 4;
/** How often a file may have to be begun anew, since the other side cannot go on with it, before that is given up. */
const MAX_RESTARTS = 8;
/** Progress is told by steps of this many bytes. */
const TOLD_BYTES = 1024 * 1024;

export function createFetcher(config: FetcherConfig): Fetcher {
  const { allowedTargets: allowed, version, resolve = resolveBySystem, stallMs = 30_000, retryMs = 500 } = config;
  const { windowMs = 60_000 } = config;
  const paceOf = ({ url }: Target) => watchPace(windowMs, (least) => tooSlow(url, least, windowMs));
  const connectingFor = (signal: AbortSignal): Connecting => ({
    ...{ resolve, allowed, stallMs, signal },
    userAgent: `volary/${version}`,
  });

  return {
    async fetchFile(fetch) {
      const { partPath, checksum } = fetch;
      const target: Target = { url: parseDownloadUrl(fetch.url), isLocalAllowed: fetch.isLocalAllowed ?? false };
      using pace = paceOf(target);
      const signal = AbortSignal.any([fetch.signal, pace.signal]);
      const source = { target, maxBytes: fetch.maxBytes, tell: tellBySteps(fetch.onProgress), note: pace.note };
      for (;;) {
        await using part = await openPartFile(partPath, checksum.algorithm, signal);
        const wasBegunBefore = part.length > 0;
        const tries = { retryMs, signal, gained: () => (part.restarts > MAX_RESTARTS ? 0 : part.length) };
        await persistently(tries, () => readInto(part, source, connectingFor(signal)));
        const actual = await part.finish();
        if (actual === checksum.expected) return;
        await rm(partPath, { force: true });
        // What was there may have been of another file, or of a former state of this one: once more from the start.
        if (!wasBegunBefore) throw checksumMismatch(checksum.algorithm, checksum.expected, actual);
      }
    },

    async fetchBytes({ url: text, maxBytes, isLocalAllowed = false, signal: asked, accept = '*/*' }) {
      const target: Target = { url: parseDownloadUrl(text), isLocalAllowed };
      using pace = paceOf(target);
      const signal = AbortSignal.any([asked, pace.signal]);
      return await persistently({ retryMs, signal, gained: () => 0 }, async () => {
        const chunks: Uint8Array[] = [];
        const { url, response } = await openResponse(target, { accept }, connectingFor(signal));
        requireGood(url, response.statusCode ?? 0, response.headers['content-encoding']);
        let length = 0;
        await readBody(url, readChunks(response), signal, async (chunk) => {
          pace.note(chunk.length);
          length += chunk.length;
          if (length > maxBytes) throw tooLarge(url, maxBytes);
          chunks.push(chunk);
        });
        return Buffer.concat(chunks);
      });
    },
  };
}

interface Tries {
  readonly retryMs: number;
  readonly signal: AbortSignal;
  /** What all tries together have brought so far. */
  readonly gained: () => number;
}

/** Tries until it is done, as long as tries gain something or are few. */
async function persistently<T>({ retryMs, signal, gained }: Tries, work: () => Promise<T>): Promise<T> {
  for (let vain = 0; ; ) {
    const before = gained();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof VolaryError) || error.code !== 'unavailable') throw error;
      vain = gained() > before ? 0 : vain + 1;
      if (vain >= MAX_VAIN_TRIES) throw error;
      await sleep(retryMs * 2 ** vain, signal);
    }
  }
}

interface Source {
  readonly target: Target;
  readonly maxBytes: number;
  readonly tell: (progress: FetchProgress) => void;
  readonly note: (bytes: number) => void;
}

/** One try: from where the part ends, if the other side can do that, else from the start. */
async function readInto(
  part: PartFile,
  { target, maxBytes, tell, note }: Source,
  connecting: Connecting,
): Promise<void> {
  const headers = part.length === 0 ? {} : { range: `bytes=${part.length}-` };
  const { url, response } = await openResponse(target, headers, connecting);
  const body = readChunks(response);
  const range = readRange(response.statusCode ?? 0, response.headers, part.length);
  if (range.kind === 'complete') {
    response.destroy();
    return;
  }
  if (range.kind === 'unusable') {
    response.destroy();
    await part.restart();
    throw unavailable(url, 'has another file by now');
  }
  requireGood(url, response.statusCode ?? 0, response.headers['content-encoding']);
  if (range.kind === 'whole') await part.restart();
  const { totalBytes } = range;
  if ((totalBytes ?? 0) > maxBytes) {
    response.destroy();
    throw tooLarge(url, maxBytes);
  }
  await readBody(url, body, connecting.signal, async (chunk) => {
    note(chunk.length);
    if (part.length + chunk.length > maxBytes) throw tooLarge(url, maxBytes);
    await part.append(chunk);
    tell({ receivedBytes: part.length, totalBytes });
  });
  if (totalBytes !== null && part.length !== totalBytes) throw unavailable(url, 'ended before the file did');
}

async function readBody(
  url: URL,
  body: AsyncGenerator<Uint8Array>,
  signal: AbortSignal,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  try {
    for (;;) {
      const next = await body.next().catch((error: unknown) => {
        signal.throwIfAborted();
        throw unavailable(url, 'broke off before the end', error);
      });
      if (next.done === true) return;
      await take(next.value);
    }
  } finally {
    await body.return(undefined);
  }
}

function requireGood(url: URL, status: number, encoding: string | undefined): void {
  if (status === 408 || status === 429 || status >= 500) throw unavailable(url, `answers with HTTP ${status}`);
  if (status !== 200 && status !== 206) throw refused(url, status);
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') throw encoded(url);
}

function tellBySteps(onProgress: FileFetch['onProgress']): (progress: FetchProgress) => void {
  let told = -TOLD_BYTES;
  return (progress) => {
    const { receivedBytes, totalBytes } = progress;
    if (Math.abs(receivedBytes - told) < TOLD_BYTES && receivedBytes !== totalBytes) return;
    told = receivedBytes;
    onProgress?.(progress);
  };
}
