import { isUtf8 } from 'node:buffer';

export interface SplitLine {
  /** Without its end, be it LF or CR LF; what is no UTF-8 is U+FFFD. */
  readonly text: string;
  /** True: the line was longer, and is cut at the bound. */
  readonly isCut: boolean;
  readonly isInvalid: boolean;
}

export interface Split {
  readonly lines: readonly SplitLine[];
  /** Bytes that need not be given again. */
  readonly taken: number;
  /** True: what comes next belongs to a line that was cut, up to its end. */
  readonly isInside: boolean;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * The whole lines in these bytes. What has no end yet is left, unless it is longer than `maxBytes`: then its beginning is a line, and the rest of it is skipped
 * as it comes. With `isEnd` what is left is a line too, and with `isPaused`, unless it is such a rest.
 */
export function splitLines(
  bytes: Uint8Array,
  options: {
    readonly isInside: boolean;
    readonly isEnd: boolean;
    readonly isPaused?: boolean;
    readonly maxBytes: number;
    readonly maxLines: number;
  },
): Split {
  const { isEnd, isPaused = false, maxBytes, maxLines } = options;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isAllText = isUtf8(buffer);
  const lines: SplitLine[] = [];
  let { isInside } = options;
  let at = 0;
  while (at < buffer.length && lines.length < maxLines) {
    const feed = buffer.indexOf(LINE_FEED, at);
    const end = feed === -1 ? buffer.length : feed;
    const isCut = end - at > maxBytes;
    if (feed === -1 && !isInside && !isCut && !isEnd && !isPaused) break;
    if (!isInside)
      lines.push(toLine(buffer, { at, end: isCut ? cutAt(buffer, at + maxBytes) : end, isCut, isAllText }));
    isInside = feed === -1 && !isEnd && (isInside || isCut);
    at = feed === -1 ? buffer.length : feed + 1;
  }
  return { lines, taken: at, isInside };
}

function toLine(
  buffer: Buffer,
  {
    at,
    end,
    isCut,
    isAllText,
  }: { readonly at: number; readonly end: number; readonly isCut: boolean; readonly isAllText: boolean },
): SplitLine {
  const last = !isCut && end > at && buffer[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
  const isInvalid = !isAllText && !isUtf8(buffer.subarray(at, last));
  return { text: buffer.toString('utf8', at, last), isCut, isInvalid };
}

/** The greatest place up to `limit` that is not in the middle of a character. */
function cutAt(buffer: Buffer, limit: number): number {
  for (let at = limit; at > limit - 4; at--) if (((buffer[at] ?? 0) & 0xc0) !== 0x80) return at;
  return limit;
}
