/**
 * The engine's log of a container with a terminal, asked for with its times: each line begins with when the engine read it, to the nanosecond. A line of more than
 * 16 KiB is kept in parts, each of which begins with the time of the first; what is no guest's, such as the engine's own words about a log that is
 * damaged, has none.
 */

/** Bytes of a container's output, with the time that the engine has for them. Times of the same length: they compare as texts. */
export interface StampedPiece {
  readonly stamp: string;
  readonly bytes: Uint8Array;
}

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z $/;
const STAMP_BYTES = 31;
const LINE_FEED = 10;

/** Takes the answer apart as it comes; what it keeps of it is less than a time's length. */
export class StampedPieces {
  #rest: Buffer = Buffer.alloc(0);
  /** Of the line that is being read, as it stands there; null at the beginning of one. */
  #stamp: Buffer | null = null;
  #isForeign = false;

  /** What these bytes bring. */
  push(chunk: Uint8Array): readonly StampedPiece[] {
    const buffer = Buffer.concat([this.#rest, chunk]);
    const pieces: StampedPiece[] = [];
    let at = 0;
    for (;;) {
      const next = this.#isForeign
        ? this.#skipForeign(buffer, at)
        : this.#stamp === null
          ? this.#beginLine(buffer, at)
          : this.#goOn(buffer, at, this.#stamp, pieces);
      if (next === at) break;
      at = next;
    }
    this.#rest = buffer.subarray(at);
    return pieces;
  }

  /** What is kept at the end of the answer, which was no time after all. */
  end(): readonly StampedPiece[] {
    const bytes = this.#rest;
    this.#rest = Buffer.alloc(0);
    return this.#stamp === null || bytes.length === 0 ? [] : [{ stamp: wordsOf(this.#stamp), bytes }];
  }

  #skipForeign(buffer: Buffer, at: number): number {
    const feed = buffer.indexOf(LINE_FEED, at);
    if (feed === -1) return buffer.length;
    this.#isForeign = false;
    return feed + 1;
  }

  #beginLine(buffer: Buffer, at: number): number {
    const feed = buffer.indexOf(LINE_FEED, at);
    const end = feed === -1 ? buffer.length : feed;
    if (end - at < STAMP_BYTES) return feed === -1 ? at : feed + 1;
    const stamp = buffer.subarray(at, at + STAMP_BYTES);
    if (STAMP.test(stamp.toString('latin1'))) {
      this.#stamp = Buffer.from(stamp);
      return at + STAMP_BYTES;
    }
    this.#isForeign = true;
    return this.#skipForeign(buffer, at);
  }

  #goOn(buffer: Buffer, at: number, stamp: Buffer, pieces: StampedPiece[]): number {
    const feed = buffer.indexOf(LINE_FEED, at);
    const end = feed === -1 ? buffer.length : feed + 1;
    const again = buffer.subarray(at, end).indexOf(stamp);
    // What has no end yet may end with the beginning of a time.
    const until = again !== -1 ? at + again : feed !== -1 ? end : Math.max(at, end - (STAMP_BYTES - 1));
    if (until > at) pieces.push({ stamp: wordsOf(stamp), bytes: buffer.subarray(at, until) });
    if (again !== -1) return until + STAMP_BYTES;
    if (feed !== -1) this.#stamp = null;
    return until;
  }
}

function wordsOf(stamp: Buffer): string {
  return stamp.toString('latin1', 0, STAMP_BYTES - 1);
}
