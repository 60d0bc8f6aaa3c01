import { copyFile, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { integer, record } from '../../../../lib/shape.ts';
import type { Abortable } from '../../../../ports/guest-link.ts';
import { runProgram } from '../../../shared/run-program.ts';
import { NO_ATTACHMENTS } from '../attachments/attachments.ts';
import { descriptorOf, dimmsOf, memoryFileName } from '../attachments/grown.ts';
import { hasPackDisk } from '../attachments/pack-disk.ts';
import { copyPacks } from '../attachments/pack-files.ts';
import { restoredMemoryOf } from '../command-line.ts';
import { deviceDigestOf } from '../device-digest.ts';
import { readDiskOrigin } from '../disk-origin.ts';
import { diskFull, isNoSpace, noMachine, saveFailed } from '../errors.ts';
import { EXTRA_DISK_DEVICE, extraDiskFile, extraDiskFilesOf } from '../extra-disks.ts';
import { canGrow } from '../growth.ts';
import type { LaunchRecord } from '../launch-record.ts';
import { isOver } from '../machine-end.ts';
import { halt, setGoing } from '../processors.ts';
import type { QmpClient } from '../qmp/qmp-client.ts';
import type { VmDirectory } from '../vm-directory.ts';
import { VOLUME_FILES, volumesBeside } from '../volumes/volume-files.ts';
import { copySparse } from './copy-sparse.ts';
import { addressOfMemory } from './memory/address.ts';
import type { MemoryRange } from './memory/copy-memory.ts';
import { type MemoryThread, startMemoryThread } from './memory/memory-thread.ts';
import { type SavedFacts, savedPaths, writeSavedFacts } from './saved-machine.ts';
import { openVmmFile } from './vmm-file.ts';

const MIB = 1024 ** 2;
/** What QEMU writes in the run directory, where alone it may. */
const DEVICES_PART = 'devices.new';
/** Less than that is no space: for the state of the devices, or for anything. */
const NO_SPACE_BYTES = MIB;

/** The machine that is to be saved, and where to. */
export interface Capture extends Abortable {
  /** Does the work that has the machine halted, so that nobody else sees it halted; default: nobody looks. */
  readonly whileHalted?: (work: () => Promise<number>) => Promise<number>;
  readonly client: QmpClient;
  readonly directory: VmDirectory;
  readonly record: LaunchRecord;
  readonly pid: number;
  readonly vcpuCount: number;
  readonly memoryMib: number;
  readonly imageToolPath: string;
  /** The life that is suspended: its disk and its key stay where they are, and are not copied. */
  readonly suspendedLife?: number | undefined;
  /** Its agent has forgotten its key. */
  readonly isPrepared: boolean;
  /** An empty directory, on no account the machine's own. */
  readonly out: string;
}

/**
 * Saves a machine that runs or is halted, and leaves it as it was. It is halted as long as its devices, its disk's overlay and
 * the memory that is its own are copied; what it shares with the machine that it was restored from is copied before.
 * Throws `resource_exhausted` driver.disk_full, `unavailable` driver.save_failed, driver.qmp_*; then it runs on, and `out` is worth nothing.
 */
export async function captureMachine(capture: Capture): Promise<SavedFacts> {
  const { client, out, memoryMib } = capture;
  await using thread = await startMemoryThread();
  const paths = savedPaths(out);
  const pieces = await piecesOf(capture, paths.memoryPath);
  const whileHalted = capture.whileHalted ?? ((work) => work());
  const isSuspended = capture.suspendedLife !== undefined;
  const devicesPart = join(capture.directory.runPath, DEVICES_PART);
  let haltedMs: number;
  try {
    haltedMs = await whileHalted(() => measureHalt(client, () => saveHalted(capture, { thread, pieces })));
    await copyOfVmm(devicesPart, paths.devicesPath, capture);
  } finally {
    await rm(devicesPart, { force: true });
  }
  const hasKey = !capture.isPrepared && !isSuspended;
  if (hasKey) await copyFile(capture.directory.linkKeyPath, paths.linkKeyPath);
  const { attachments = NO_ATTACHMENTS } = capture.record;
  const digests = isSuspended ? [] : attachments.packs.map(({ digest }) => digest);
  await copyPacks(digests, { from: capture.directory.packsPath, to: paths.packsPath });
  const hasExtraDisks = capture.record.argv.some((argument) => argument.startsWith(EXTRA_DISK_DEVICE));
  const facts: SavedFacts = {
    version: hasExtraDisks ? 2 : 1,
    deviceDigest: deviceDigestOf(capture.record.argv),
    machineType: capture.record.machineType,
    qemuVersion: capture.record.qemuVersion,
    accelerator: capture.record.accelerator,
    vcpuCount: capture.vcpuCount,
    memoryMib,
    diskBytes: await virtualSizeOf(capture, isSuspended ? capture.directory.diskPath : paths.diskPath),
    imageDigest: capture.record.imageDigest,
    contents: (await readDiskOrigin(capture.directory))?.contents,
    // A key that is not among the files is none to look for.
    isPrepared: capture.isPrepared || isSuspended,
    suspendedLife: capture.suspendedLife,
    attachments: hasPackDisk(capture.record.argv) ? attachments : undefined,
    canGrow: canGrow(capture.record.argv),
    savedAt: Date.now(),
    haltedMs,
    digests: {
      memory: await thread.digestSparse(paths.memoryPath),
      added: await digestAdded(thread, capture),
      devices: await thread.digestSparse(paths.devicesPath),
      disk: isSuspended ? null : await thread.digestSparse(paths.diskPath),
      extraDisks: await digestExtraDisks(thread, capture),
      linkKey: hasKey ? await thread.digestSparse(paths.linkKeyPath) : null,
    },
  };
  await writeSavedFacts(out, facts);
  return facts;
}

/**
 * Halts the machine for the work, leaves it as it was, and answers how long that took, milliseconds. Throws `failed_precondition`
 * driver.no_machine where its guest has ended before it was halted: there is no moment left that could be saved.
 */
async function measureHalt(client: QmpClient, work: () => Promise<void>): Promise<number> {
  const { status } = await client.execute('query-status', null);
  const haltedAt = performance.now();
  await halt(client);
  const halted = await client.execute('query-status', null);
  if (isOver(halted.status)) throw noMachine();
  try {
    await work();
  } finally {
    if (status === 'running') await setGoing(client);
  }
  return Math.round(performance.now() - haltedAt);
}

/** Everything that has to be of one moment. QEMU has flushed the disk when it answers that it has halted. */
async function saveHalted(
  { client, directory, record, out, suspendedLife, signal }: Capture,
  { thread, pieces }: { readonly thread: MemoryThread; readonly pieces: readonly Piece[] },
): Promise<void> {
  const { diskPath } = savedPaths(out);
  await client
    .execute('xen-save-devices-state', { filename: DEVICES_PART, live: false })
    .catch(async (cause: unknown) => {
      // QEMU knows of input/output errors only.
      const { bavail, bsize } = await statfs(directory.runPath);
      throw bavail * bsize < NO_SPACE_BYTES ? diskFull(cause) : cause;
    });
  if (suspendedLife === undefined) {
    await copyOfVmm(directory.diskPath, diskPath, { signal });
    const { volumes = {} } = (await readDiskOrigin(directory)) ?? {};
    const volumeOf = new Map(Object.entries(volumes).map(([name, id]) => [extraDiskFile(name), id]));
    for (const file of extraDiskFilesOf(record.argv)) {
      const volume = volumeOf.get(file);
      // Of a volume there is a name that its VMM cannot have changed.
      if (volume === undefined) await copyOfVmm(join(directory.runPath, file), join(out, file), { signal });
      else await copySparse(join(volumesBeside(directory), volume, VOLUME_FILES.disk), join(out, file), { signal });
    }
  }
  for (const { range, path, isBased } of pieces) {
    await thread.copyPrivatePages(range, path, isBased).catch((cause: unknown) => {
      throw isNoSpace(cause) ? diskFull(cause) : saveFailed(cause);
    });
  }
}

/** Memory in one piece, and the file that it goes to; `isBased`: which holds by then what the machine was restored from. */
interface Piece {
  readonly range: MemoryRange;
  readonly path: string;
  readonly isBased: boolean;
}

/** The memory that the machine was started with, and what it was given since. */
async function piecesOf(capture: Capture, memoryPath: string): Promise<readonly Piece[]> {
  const { client, pid, record, memoryMib, out } = capture;
  const first = {
    address: 0,
    memoryMib,
    path: memoryPath,
    descriptor: restoredMemoryOf(record.argv),
  };
  const added = dimmsOf(record.attachments ?? NO_ATTACHMENTS).map((dimm) => ({
    ...dimm,
    ...{ path: join(out, memoryFileName(dimm)), descriptor: descriptorOf(record.argv, dimm) },
  }));
  const pieces: Piece[] = [];
  for (const { address, memoryMib: sizeMib, path, descriptor } of [first, ...added]) {
    const range = { pid, address: await addressOfMemory(client, address), bytes: sizeMib * MIB };
    pieces.push({ range, path, isBased: await copyBase(capture, descriptor, path) });
  }
  return pieces;
}

/** By the names of their files. */
async function digestAdded(thread: MemoryThread, { record, out }: Capture): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const dimm of dimmsOf(record.attachments ?? NO_ATTACHMENTS))
    digests[memoryFileName(dimm)] = await thread.digestSparse(join(out, memoryFileName(dimm)));
  return digests;
}

/** By the names of their files; undefined where there are none among the files. */
async function digestExtraDisks(
  thread: MemoryThread,
  { record, suspendedLife, out }: Capture,
): Promise<Record<string, string> | undefined> {
  const files = suspendedLife === undefined ? extraDiskFilesOf(record.argv) : [];
  if (files.length === 0) return undefined;
  const digests: Record<string, string> = {};
  for (const file of files) digests[file] = await thread.digestSparse(join(out, file));
  return digests;
}

/** Copies a file out of the VMM's directory. */
async function copyOfVmm(from: string, to: string, { signal }: Abortable): Promise<void> {
  await using file = await openVmmFile(from);
  await copySparse(`/proc/${process.pid}/fd/${file.fd}`, to, { signal });
}

/** The memory that the machine was restored from, where it was: also when that has been removed, for it has the file open. */
async function copyBase({ pid, signal }: Capture, descriptor: number | null, to: string): Promise<boolean> {
  if (descriptor === null) {
    await using _created = await open(to, 'wx', 0o600);
    return false;
  }
  await copySparse(`/proc/${pid}/fd/${descriptor}`, to, { signal });
  return true;
}

const QEMU_IMAGE_INFO = record({ 'virtual-size': integer(1) });

async function virtualSizeOf({ imageToolPath, signal }: Capture, path: string): Promise<number> {
  // Its VMM may hold it still.
  const args = ['info', '--force-share', '--output=json', path];
  const { stdout, stderr } = await runProgram(imageToolPath, args, { signal });
  const info: unknown = JSON.parse(stdout === '' ? 'null' : stdout);
  if (!QEMU_IMAGE_INFO(info)) throw saveFailed(stderr);
  return info['virtual-size'];
}
