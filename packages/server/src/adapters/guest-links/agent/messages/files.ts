import { readWhole } from '../wire-reader.ts';
import { WireWriter } from '../wire-writer.ts';
import { KINDS } from './kinds.ts';

/** The length in a READ that stands for "to the end". */
export const TO_THE_END = 2n ** 64n - 1n;
/** The mode in a WRITE that stands for "as it is, or 0644". */
export const MODE_AS_IT_IS = 0xffff_ffff;

export interface OpenRead {
  readonly path: string;
  readonly offset: number;
  /** `TO_THE_END` or a number of bytes. */
  readonly length: bigint;
}

export interface ReadResult {
  readonly size: number;
  readonly mode: number;
  readonly mtimeNs: bigint;
}

export interface OpenWrite {
  readonly path: string;
  /** Permission bits, or `MODE_AS_IT_IS`. */
  readonly mode: number;
  readonly makesParents: boolean;
}

export function encodeOpenRead({ path, offset, length }: OpenRead): Buffer {
  return new WireWriter().u8(KINDS.READ).text(path).u64(offset).bigU64(length).finish();
}

export function decodeReadResult(payload: Buffer): ReadResult {
  return readWhole(payload, (reader) => ({ size: reader.size(), mode: reader.u32(), mtimeNs: reader.bigU64() }));
}

export function encodeOpenWrite({ path, mode, makesParents }: OpenWrite): Buffer {
  return new WireWriter().u8(KINDS.WRITE).text(path).u32(mode).flag(makesParents).finish();
}

/** The second RESULT of a WRITE: the bytes written. (The first one is empty.) */
export function decodeWritten(payload: Buffer): number {
  return readWhole(payload, (reader) => reader.u64());
}

export function encodeOpenMkdir(path: string, mode: number, makesParents: boolean): Buffer {
  return new WireWriter().u8(KINDS.MKDIR).text(path).u32(mode).flag(makesParents).finish();
}

export function encodeOpenRemove(path: string, isRecursive: boolean): Buffer {
  return new WireWriter().u8(KINDS.REMOVE).text(path).flag(isRecursive).finish();
}

export function encodeOpenRename(from: string, to: string): Buffer {
  return new WireWriter().u8(KINDS.RENAME).text(from).text(to).finish();
}
