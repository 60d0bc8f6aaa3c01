import { createHash } from 'node:crypto';
import type { LogQuery } from '../../../domain/logs/log-query.ts';

/** Until when in time Loki has been looked through for pages that have ended, to go on there: what is asked next has a sequence and no time. */
export interface Places {
  /** The line of this sequence is at this time, or is the last of ours before it. */
  noteLine(sequence: number, time: bigint): void;
  /** Whoever goes on from here with the same question finds nothing before this time; backwards, nothing from it on. */
  noteLooked(query: LogQuery, from: number, time: bigint): void;
  /** The part of a span in which something may be found from `query.from` on. */
  narrow(span: Span, query: LogQuery): Span;
}

/** Times in nanoseconds since 1970, the end excluded. */
export interface Span {
  readonly start: bigint;
  readonly end: bigint;
}

/** So many are remembered, those that were used last. */
const PLACES = 2_048;

export function createPlaces(): Places {
  const times = new Map<string, bigint>();

  function set(key: string, time: bigint): void {
    times.delete(key);
    times.set(key, time);
    for (const oldest of times.keys()) {
      if (times.size <= PLACES) break;
      times.delete(oldest);
    }
  }

  function get(key: string): bigint | null {
    const time = times.get(key);
    if (time === undefined) return null;
    set(key, time);
    return time;
  }

  return {
    noteLine: (sequence, time) => set(String(sequence), time),
    noteLooked: (query, from, time) => set(keyOf(query, from), time),
    narrow({ start, end }, query) {
      const { from, direction } = query;
      if (from === null) return { start, end };
      const [line, looked] = [get(String(from)), get(keyOf(query, from))];
      if (direction === 'forward')
        return { start: max(start, max(line === null ? start : line + 1n, looked ?? start)), end };
      return { start, end: min(end, min(line ?? end, looked ?? end)) };
    },
  };
}

/** Short, however long the words are that are looked for. */
function keyOf({ limit: _, from: __, ...filter }: LogQuery, from: number): string {
  const text = JSON.stringify([from, Object.entries(filter).toSorted()]);
  return createHash('sha256').update(text).digest('base64');
}

export function min(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

export function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
