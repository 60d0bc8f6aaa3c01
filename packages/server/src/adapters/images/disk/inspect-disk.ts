import { statfs } from 'node:fs/promises';
import type { DiskFormat } from '../../../domain/image/definition.ts';
import { flag, integer, nothing, oneOf, optional, record, type Shape } from '../../../lib/shape.ts';
import { SANDBOX_ENV, sandboxed } from '../../shared/sandbox.ts';
import { runStage } from '../run-stage.ts';
import {
  backingFile,
  bomb,
  damaged,
  diskTooLarge,
  encrypted,
  externalData,
  noRoom,
  notRaw,
  partialSector,
} from './disk-errors.ts';
import { HEADER_BYTES, isQcow2, readQcow2Size } from './qcow2-header.ts';
import type { SourceFile } from './source-file.ts';

const SECTOR_BYTES = 512;
/** What looking at an image may take. */
const BOUNDS = { memoryMib: 512, cpuSeconds: 20, fileBytes: 0 } as const;
const TIMEOUT_MS = 60_000;
/** No real image unpacks to more than this many times its size, besides what every image may. */
const BOMB = { factor: 256, freeBytes: 64 * 1024 ** 2 } as const;
/** Characters of its answer: a table of snapshots may be made as long as anybody likes. */
const MOST_ANSWERED = 4 * 1024 ** 2;
/** Left to others on the cache's disk, bytes. */
const RESERVE_BYTES = 1024 ** 3;

const absent: Shape<undefined> = (value): value is undefined => value === undefined;
const INFO = record({
  'virtual-size': integer(1),
  format: oneOf('qcow2', 'raw'),
  'backing-filename': absent,
  encrypted: optional(nothing),
  'format-specific': optional(record({ data: record({ 'data-file': absent, corrupt: optional(flag) }) })),
});
const MEASURE = record({ required: integer(0) });

export interface Inspection {
  readonly format: DiskFormat;
  /** What a disk may have, bytes. */
  readonly maxBytes: number;
  /** Where the disk is to lie. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/**
 * Looks at a disk image before it is converted: by its header first, then by `qemu-img` in the sandbox. Returns its virtual size, bytes. Throws
 * `failed_precondition` image.* for what is refused, `resource_exhausted` image.no_room.
 */
export async function inspectDisk(file: SourceFile, inspection: Inspection): Promise<number> {
  const { format, maxBytes, directory } = inspection;
  const beginning = Buffer.alloc(HEADER_BYTES);
  const { bytesRead } = await file.handle.read(beginning, 0, HEADER_BYTES, 0);
  const sizeBytes = sizeIn(beginning.subarray(0, bytesRead), file.sizeBytes, format);
  if (sizeBytes > maxBytes) throw diskTooLarge(sizeBytes, maxBytes);
  if (format === 'qcow2') checkInfo(await ask(file, ['info'], inspection), sizeBytes);
  const measured = await ask(file, ['measure', '-O', 'raw'], inspection);
  if (!MEASURE(measured)) throw damaged();
  const { required } = measured;
  if (format === 'qcow2' && required > file.sizeBytes * BOMB.factor + BOMB.freeBytes) throw bomb();
  const { bavail, bsize } = await statfs(directory);
  if (required + RESERVE_BYTES > bavail * bsize) throw noRoom(required + RESERVE_BYTES);
  return sizeBytes;
}

function sizeIn(beginning: Buffer, fileBytes: number, format: DiskFormat): number {
  if (format === 'qcow2') {
    const sizeBytes = readQcow2Size(beginning, fileBytes);
    if (sizeBytes === 0 || sizeBytes % SECTOR_BYTES !== 0) throw damaged();
    return sizeBytes;
  }
  if (isQcow2(beginning)) throw notRaw();
  if (fileBytes === 0 || fileBytes % SECTOR_BYTES !== 0) throw partialSector();
  return fileBytes;
}

/** Says the same once more by another reader: one of both may be wrong. */
function checkInfo(info: unknown, sizeBytes: number): void {
  if (INFO(info) && info['virtual-size'] === sizeBytes && info['format-specific']?.data.corrupt !== true) return;
  const named = record({})(info) ? Object.keys(info) : [];
  if (named.includes('backing-filename')) throw backingFile();
  if (named.includes('encrypted')) throw encrypted();
  if (JSON.stringify(info).includes('"data-file"')) throw externalData();
  throw damaged();
}

/** What `qemu-img` answers about the file. */
async function ask(file: SourceFile, request: readonly string[], { format, signal }: Inspection): Promise<unknown> {
  const argv = ['qemu-img', ...request, '--output=json', '--image-opts', sourceOptions(format)];
  const [program, ...args] = sandboxed(argv, BOUNDS);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const lines: string[] = [];
  let length = 0;
  const tooMuch = new AbortController();
  const note = (line: string): void => {
    length += line.length;
    if (length > MOST_ANSWERED) tooMuch.abort();
    else lines.push(line);
  };
  try {
    await runStage({
      name: 'looking at the disk image',
      program,
      args,
      env: SANDBOX_ENV,
      descriptors: [file.handle.fd],
      signal: AbortSignal.any([signal, timeout, tooMuch.signal]),
      graceMs: 0,
      explain: damaged,
      onLine: note,
    });
    return JSON.parse(lines.join('\n'));
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted || tooMuch.signal.aborted || error instanceof SyntaxError) throw damaged();
    throw error;
  }
}

/** The file that a program in the sandbox has as its descriptor 3, as what it was said to be: nothing is guessed. */
export function sourceOptions(format: DiskFormat): string {
  return `driver=${format},file.driver=file,file.filename=/proc/self/fd/3`;
}
