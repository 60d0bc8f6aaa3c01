import { constants } from 'node:fs';
import { chmod, open } from 'node:fs/promises';
import type { DiskFormat } from '../../../domain/image/definition.ts';
import { SANDBOX_ENV, sandboxed } from '../../shared/sandbox.ts';
import { runStage } from '../run-stage.ts';
import { damaged, noRoom } from './disk-errors.ts';
import { sourceOptions } from './inspect-disk.ts';
import type { SourceFile } from './source-file.ts';

const MEMORY_MIB = 1_024;
/** For each GiB of the disk, and for the beginning. */
const CPU_SECONDS = 60;
/** Requests that are under way at the same time, in any order: reading waits for no writing. */
const PARALLEL = ['-W', '-m', '16'] as const;

export interface Conversion {
  readonly format: DiskFormat;
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number) => void;
}

/** Writes the disk to a new file at `path`, raw and sparse. Throws `failed_precondition` image.damaged, `resource_exhausted` image.no_room. */
export async function convertDisk(file: SourceFile, path: string, conversion: Conversion): Promise<void> {
  const { format, sizeBytes, signal, onProgress } = conversion;
  await using target = await open(path, 'wx+', 0o600);
  await target.truncate(sizeBytes);
  // Who writes is another user, who has no other way to the file than the descriptor.
  await chmod(path, 0o666);
  const argv = [
    ...['qemu-img', 'convert', '-p', '-n', '--target-is-zero', ...PARALLEL],
    // Past the page cache, where that can be: it is on the disk when it is done, and pushes nothing else out of memory.
    ...['-t', (await canWriteDirectly(path)) ? 'none' : 'writeback'],
    ...['--image-opts', sourceOptions(format)],
    ...['--target-image-opts', 'driver=raw,file.driver=file,file.filename=/proc/self/fd/4'],
  ];
  const cpuSeconds = CPU_SECONDS * Math.ceil(1 + sizeBytes / 1024 ** 3);
  const [program, ...args] = sandboxed(argv, { memoryMib: MEMORY_MIB, cpuSeconds, fileBytes: sizeBytes });
  await runStage({
    name: 'converting the disk image',
    program,
    args,
    env: SANDBOX_ENV,
    descriptors: [file.handle.fd, target.fd],
    signal,
    graceMs: 0,
    explain: (lines) => (lines.some((line) => /No space left|quota exceeded/i.test(line)) ? noRoom(null) : damaged()),
    onLine: (line) => {
      const percent = /\((\d+\.\d+)\/100%\)\s*$/.exec(line)?.[1];
      if (percent !== undefined) onProgress(Number(percent) / 100);
    },
  });
  await chmod(path, 0o644);
}

async function canWriteDirectly(path: string): Promise<boolean> {
  const opened = await open(path, constants.O_RDWR | constants.O_DIRECT).catch(() => null);
  await opened?.close();
  return opened !== null;
}
