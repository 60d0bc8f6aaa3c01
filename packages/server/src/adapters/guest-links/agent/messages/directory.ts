import { readWhole, type WireReader } from '../wire-reader.ts';
import { WireWriter } from '../wire-writer.ts';
import { KINDS } from './kinds.ts';

/** The most entries that one LIST may ask for. */
export const LIST_MAX_ENTRIES = 10_000;

/** The least that an entry takes: one whose texts are empty. */
const ENTRY_MIN_BYTES = 37;

export interface Entry {
  readonly name: string;
  /** One of `f d l b c p s`. */
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Empty for what is no link. */
  readonly linkTarget: string;
}

export interface ListResult {
  readonly hasMore: boolean;
  readonly entries: readonly Entry[];
}

export function encodeOpenList(path: string, limit: number, after: string): Buffer {
  return new WireWriter().u8(KINDS.LIST).text(path).u32(limit).text(after).finish();
}

export function decodeListResult(payload: Buffer): ListResult {
  return readWhole(payload, (reader) => ({
    hasMore: reader.u8() !== 0,
    entries: reader.list(ENTRY_MIN_BYTES, readEntry),
  }));
}

export function encodeOpenStat(path: string, followsLinks: boolean): Buffer {
  return new WireWriter().u8(KINDS.STAT).text(path).flag(followsLinks).finish();
}

export function decodeStatResult(payload: Buffer): Entry {
  return readWhole(payload, readEntry);
}

function readEntry(reader: WireReader): Entry {
  return {
    name: reader.text(),
    type: String.fromCharCode(reader.u8()),
    mode: reader.u32(),
    uid: reader.u32(),
    gid: reader.u32(),
    size: reader.size(),
    mtimeNs: reader.bigU64(),
    linkTarget: reader.text(),
  };
}
