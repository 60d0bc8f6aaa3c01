import { appendFile, open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConsoleChunk } from '../../ports/driver.ts';

/** Unless told otherwise. A segment is closed when it has this many bytes; two are kept, so the log takes at most twice that of the host's disk. */
const SEGMENT_BYTES = 512 * 1024;
const CHUNK_BYTES = 64 * 1024;
const SEGMENT_NAME = /^console-([0-9]{15})\.log$/;

interface Segment {
  readonly path: string;
  readonly start: number;
  readonly length: number;
}

/**
 * The console's bytes as we have taken them from whoever runs the machine, bounded. Segments are named by the offset of their first
 * byte, so that offsets need no index and survive any interruption. One writer at a time.
 */
export interface ConsoleLog {
  /** Adds bytes at the end. */
  append(bytes: Uint8Array): Promise<void>;
  /** Offset after the last byte. */
  end(): Promise<number>;
  /** Has the next byte be at this offset: what is kept from there on is dropped, what there is not up to there is missing. */
  endAt(offset: number): Promise<void>;
  /** What is kept from `offset` on, in pieces, as it stands now. */
  read(offset: number): AsyncIterable<ConsoleChunk>;
  /** The last bytes from `offset` on as text; what is no text is replaced. */
  tail(offset: number, maximumBytes: number): Promise<string>;
}

/** The log whose segments lie in `directory`. */
export function createConsoleLog(directory: string, options: { readonly segmentBytes?: number } = {}): ConsoleLog {
  const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
  const log: ConsoleLog = {
    async append(bytes) {
      if (bytes.length === 0) return;
      const segments = await listSegments(directory);
      const last = segments.at(-1);
      const isFull = last === undefined || last.length >= segmentBytes;
      const path = isFull ? segmentPath(directory, last === undefined ? 0 : last.start + last.length) : last.path;
      await appendFile(path, bytes, { mode: 0o600 });
      if (isFull) for (const old of segments.slice(0, -1)) await rm(old.path, { force: true });
    },
    async end() {
      const last = (await listSegments(directory)).at(-1);
      return last === undefined ? 0 : last.start + last.length;
    },
    async endAt(offset) {
      if (offset === (await log.end())) return;
      for (const { path, start, length } of await listSegments(directory)) {
        if (start >= offset) await rm(path, { force: true });
        else if (start + length > offset) await truncate(path, offset - start);
      }
      if ((await log.end()) < offset) await appendFile(segmentPath(directory, offset), '', { mode: 0o600 });
    },
    async *read(offset) {
      for (const segment of await listSegments(directory)) {
        if (segment.start + segment.length > offset) yield* readSegment(segment, Math.max(offset, segment.start));
      }
    },
    async tail(offset, maximumBytes) {
      const from = Math.max(offset, (await log.end()) - maximumBytes);
      const pieces: Uint8Array[] = [];
      for await (const chunk of log.read(from)) pieces.push(chunk.bytes);
      return Buffer.concat(pieces).toString('utf8').replaceAll('\r\n', '\n');
    },
  };
  return log;
}

async function listSegments(directory: string): Promise<readonly Segment[]> {
  const segments: Segment[] = [];
  for (const name of (await readdir(directory)).sort()) {
    const start = SEGMENT_NAME.exec(name)?.[1];
    if (start === undefined) continue;
    const path = join(directory, name);
    const file = await stat(path).catch(unlessGone);
    if (file !== null) segments.push({ path, start: Number(start), length: file.size });
  }
  return segments;
}

async function* readSegment(segment: Segment, from: number): AsyncIterable<ConsoleChunk> {
  const file = await open(segment.path, 'r').catch(unlessGone);
  if (file === null) return;
  try {
    let offset = from;
    while (offset < segment.start + segment.length) {
      const size = Math.min(CHUNK_BYTES, segment.start + segment.length - offset);
      const { bytesRead, buffer } = await file.read(Buffer.alloc(size), 0, size, offset - segment.start);
      if (bytesRead === 0) return;
      yield { offset, bytes: buffer.subarray(0, bytesRead) };
      offset += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** A segment goes when it has become too old, also under somebody who reads. */
function unlessGone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

function segmentPath(directory: string, start: number): string {
  return join(directory, `console-${String(start).padStart(15, '0')}.log`);
}
