import type { FileEntry } from '@volary/contract';
import type { FileApi } from '../../../engine/apis/file-api.ts';
import { toIso } from './to-iso.ts';

type GuestFile = Awaited<ReturnType<FileApi['stat']>>;

/** A file of a guest as `/v1` shows it. */
export function toFileDto(file: GuestFile): FileEntry {
  return {
    name: file.name,
    type: file.type,
    mode: toOctal(file.mode),
    uid: file.uid,
    gid: file.gid,
    size_bytes: file.sizeBytes,
    modified_at: toIso(clampTime(file.modifiedAtMs)),
    link_target: file.linkTarget,
  };
}

/** Permission bits as four octal digits. */
export function toOctal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** A guest may claim any time; a date object bears ±8.64e15 ms, and four-digit years are what clients expect. */
export function clampTime(ms: number): number {
  const FIRST = -62_135_596_800_000;
  const LAST = 253_402_300_799_999;
  return Number.isNaN(ms) ? 0 : Math.min(LAST, Math.max(FIRST, ms));
}
