import { readWhole } from '../wire-reader.ts';
import { WireWriter } from '../wire-writer.ts';
import { KINDS } from './kinds.ts';

export interface WatchEvent {
  /** 1 created, 2 modified, 3 removed, 4 renamed from, 5 renamed to, 6 attributes, 7 overflow. */
  readonly what: number;
  /** Below the watched one. */
  readonly path: string;
}

export function encodeOpenWatch(path: string, isRecursive: boolean): Buffer {
  return new WireWriter().u8(KINDS.WATCH).text(path).flag(isRecursive).finish();
}

export function decodeWatchEvent(payload: Buffer): WatchEvent {
  return readWhole(payload, (reader) => ({ what: reader.u8(), path: reader.text() }));
}
