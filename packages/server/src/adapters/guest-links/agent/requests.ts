/** The requests of one question and one answer, as the port names them. */
import type { Abortable, GuestFile, GuestSize, GuestStats, GuestTool } from '../../../ports/guest-link.ts';
import { invalidPath } from './guest-errors.ts';
import { bytesOfText } from './guest-text.ts';
import {
  decodeListResult,
  decodeStatResult,
  encodeOpenList,
  encodeOpenStat,
  LIST_MAX_ENTRIES,
} from './messages/directory.ts';
import { encodeOpenMkdir, encodeOpenRemove, encodeOpenRename } from './messages/files.ts';
import {
  decodeFileSystemCount,
  decodeGrowResult,
  encodeOpenFreeze,
  encodeOpenGrow,
  encodeOpenPrepare,
  encodeOpenShutdown,
  encodeOpenThaw,
  encodeOpenTools,
} from './messages/machine.ts';
import { decodeNothing } from './messages/result.ts';
import { decodeStatsResult, encodeOpenStats } from './messages/stats.ts';
import type { StreamTable } from './stream-table.ts';
import { callUnary } from './streams/unary.ts';
import { fileOf, statsOf } from './units.ts';

/** PATH_MAX of Linux, less its terminator. */
const PATH_MAX_BYTES = 4095;
const DIRECTORY_MODE = 0o755;

/** The path itself. Throws `invalid_argument` guest.invalid_path for what no Linux would take. */
export function checkPath(path: string): string {
  if (path === '') throw invalidPath('A path is empty.', 'EINVAL');
  if (path.includes('\0')) throw invalidPath('A path contains a NUL.', 'EINVAL');
  if (bytesOfText(path).length > PATH_MAX_BYTES) throw invalidPath('A path is too long.', 'ENAMETOOLONG');
  return path;
}

/** Lists a directory; at most 10,000 entries, and fewer when they do not fit into a frame. */
export async function listFiles(
  table: StreamTable,
  path: string,
  { limit, after, signal }: Abortable & { readonly limit: number; readonly after?: string },
): Promise<{ readonly files: readonly GuestFile[]; readonly hasMore: boolean }> {
  const entries = Math.max(1, Math.min(limit, LIST_MAX_ENTRIES));
  const payload = encodeOpenList(checkPath(path), entries, after ?? '');
  return callUnary(
    table,
    {
      payload,
      isRepeatable: true,
      decode: (bytes) => {
        const list = decodeListResult(bytes);
        return { files: list.entries.map(fileOf), hasMore: list.hasMore };
      },
    },
    signal,
  );
}

export async function statFile(
  table: StreamTable,
  path: string,
  { followLinks, signal }: Abortable & { readonly followLinks: boolean },
): Promise<GuestFile> {
  const payload = encodeOpenStat(checkPath(path), followLinks);
  return callUnary(table, { payload, isRepeatable: true, decode: (bytes) => fileOf(decodeStatResult(bytes)) }, signal);
}

export async function makeDirectory(
  table: StreamTable,
  path: string,
  {
    mode = DIRECTORY_MODE,
    makeParents = false,
    signal,
  }: Abortable & { readonly mode?: number; readonly makeParents?: boolean },
): Promise<void> {
  const payload = encodeOpenMkdir(checkPath(path), mode, makeParents);
  // With parents, a directory that is there already is fine: so it may be asked for twice.
  return callUnary(table, { payload, isRepeatable: makeParents, decode: decodeNothing }, signal);
}

export async function removeFile(
  table: StreamTable,
  path: string,
  { isRecursive, signal }: Abortable & { readonly isRecursive: boolean },
): Promise<void> {
  const payload = encodeOpenRemove(checkPath(path), isRecursive);
  return callUnary(table, { payload, isRepeatable: false, decode: decodeNothing }, signal);
}

export async function renameFile(table: StreamTable, from: string, to: string, { signal }: Abortable): Promise<void> {
  const payload = encodeOpenRename(checkPath(from), checkPath(to));
  return callUnary(table, { payload, isRepeatable: false, decode: decodeNothing }, signal);
}

/** `hasCounts`: whether the agent can tell of counts besides. */
export async function readStats(
  table: StreamTable,
  { hasCounts, signal }: Abortable & { readonly hasCounts: boolean },
): Promise<GuestStats> {
  const payload = encodeOpenStats({ hasCounts });
  const decode = (bytes: Buffer): GuestStats => statsOf(decodeStatsResult(bytes, { hasCounts }));
  return callUnary(table, { payload, isRepeatable: true, decode }, signal);
}

export async function shutDown(
  table: StreamTable,
  how: 'power-off' | 'reboot',
  { graceMs, signal }: Abortable & { readonly graceMs: number },
): Promise<void> {
  const payload = encodeOpenShutdown(how, graceMs);
  // Not twice: the second one could meet the guest's next life.
  return callUnary(table, { payload, isRepeatable: false, decode: decodeNothing }, signal);
}

export async function freeze(table: StreamTable, { signal }: Abortable): Promise<number> {
  const payload = encodeOpenFreeze();
  return callUnary(table, { payload, isRepeatable: false, decode: decodeFileSystemCount }, signal);
}

export async function thaw(table: StreamTable, { signal }: Abortable): Promise<number> {
  const payload = encodeOpenThaw();
  return callUnary(table, { payload, isRepeatable: true, decode: decodeFileSystemCount }, signal);
}

export async function grow(table: StreamTable, { signal }: Abortable): Promise<GuestSize> {
  const decode = (bytes: Buffer): GuestSize => {
    const { cpus, memoryBytes, rootBytes } = decodeGrowResult(bytes);
    return { cpuCount: cpus, memoryBytes, rootBytes: rootBytes === 0 ? null : rootBytes };
  };
  return callUnary(table, { payload: encodeOpenGrow(), isRepeatable: true, decode }, signal);
}

export async function prepare(table: StreamTable, { signal }: Abortable): Promise<void> {
  // Not twice: the agent has forgotten who we are.
  return callUnary(table, { payload: encodeOpenPrepare(), isRepeatable: false, decode: decodeNothing }, signal);
}

export async function setTools(
  table: StreamTable,
  told: { readonly disk: string; readonly tools: readonly GuestTool[] },
  { signal }: Abortable,
): Promise<void> {
  const payload = encodeOpenTools({ ...told, waits: false });
  return callUnary(table, { payload, isRepeatable: true, decode: decodeNothing }, signal);
}

export async function awaitTools(table: StreamTable, { signal }: Abortable): Promise<void> {
  const payload = encodeOpenTools({ waits: true, disk: '-', tools: [] });
  return callUnary(table, { payload, isRepeatable: true, decode: decodeNothing }, signal);
}
