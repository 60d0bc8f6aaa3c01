import { createHash } from 'node:crypto';
import type { LogQuery } from '../../../domain/logs/log-query.ts';

/**
 * Until when in time Loki has been looked through for pages that have ended, to go on there: what is asked next has a
 * sequence and no time.
 */
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
  const { get, set } = createRecent<bigint>();
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

/** What was set or asked for lately. */
export function createRecent<T>(): { get(key: string): T | null; set(key: string, value: T): void } {
  const values = new Map<string, T>();

  function set(key: string, value: T): void {
    values.delete(key);
    values.set(key, value);
    for (const oldest of values.keys()) {
      if (values.size <= PLACES) break;
      values.delete(oldest);
    }
  }

  return {
    set,
    get(key) {
      const value = values.get(key);
      if (value === undefined) return null;
      set(key, value);
      return value;
    },
  };
}

/** Whoever goes on from here with the same question: short, however long the words are that are looked for. */
export function keyOf({ limit: _, from: __, ...filter }: LogQuery, from: number): string {
  const text = JSON.stringify([from, Object.entries(filter).toSorted()]);
  return createHash('sha256').update(text).digest('base64');
}

export function min(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

export function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
