import { randomUUID } from 'node:crypto';
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DirectImage } from '../../../domain/image/image.ts';
import type { Log } from '../../../ports/log.ts';
import type { Identity } from '../../shared/vm-identity.ts';
import { guestFiles, type InheritedFiles } from './inherited-files.ts';
import { type Launch, launchVmm } from './launch.ts';
import type { LaunchRecord } from './launch-record.ts';
import type { QemuProgram } from './qemu-program.ts';
import { type VmDirectory, vmDirectoryAt } from './vm-directory.ts';
import { VmMonitor } from './vm-monitor.ts';
import { killVmm } from './vmm-process.ts';

const KILL_TIMEOUT_MS = 10_000;

/** A guest that is no VM: it lives as long as this object, dies with us at the latest, and leaves nothing behind. */
export interface ThrowawayGuest extends AsyncDisposable {
  readonly directory: VmDirectory;
  readonly record: LaunchRecord;
  readonly monitor: VmMonitor;
}

export interface ThrowawayRequest {
  readonly name: string;
  readonly program: QemuProgram;
  readonly accelerator: 'kvm' | 'tcg';
  readonly identity: Identity | null;
  readonly image: DirectImage;
  readonly hasDisk: boolean;
  /** QEMU's arguments for the machine of this UUID, which inherits these files. */
  readonly argumentsFor: (uuid: string, files: InheritedFiles) => readonly string[];
  /** Puts into the directory what the machine needs; called before the start. */
  readonly furnish?: (directory: VmDirectory) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Starts one in a new directory below `parent`. Throws as `launchVmm`, leaving nothing. */
export async function startThrowawayGuest(
  { parent, log }: { readonly parent: string; readonly log: Log },
  request: ThrowawayRequest,
): Promise<ThrowawayGuest> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const directory = vmDirectoryAt(await mkdtemp(join(parent, `${request.name}-`)));
  const files = guestFiles(request.image, request);
  const planned = recordOf(request, files);
  const ignore = (): void => undefined;
  const monitor = new VmMonitor({ directory, uuid: planned.uuid, log, onHint: ignore, onEnd: ignore });
  let record = planned;
  const end = async (): Promise<void> => {
    await monitor[Symbol.asyncDispose]();
    await killVmm(record, directory, { timeoutMs: KILL_TIMEOUT_MS, signal: new AbortController().signal });
    await rm(directory.path, { recursive: true, force: true });
  };
  try {
    record = await launch(request, { directory, record: planned, files, monitor });
    return { directory, record, monitor, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function launch(
  { identity, hasDisk, furnish, signal }: ThrowawayRequest,
  { monitor, ...planned }: Pick<Launch, 'directory' | 'record' | 'files'> & { readonly monitor: VmMonitor },
): Promise<LaunchRecord> {
  const { directory } = planned;
  await mkdir(directory.runPath, { mode: 0o700 });
  await furnish?.(directory);
  if (identity !== null) {
    await chown(directory.runPath, identity.uid, identity.gid);
    if (hasDisk) await chown(directory.diskPath, identity.uid, identity.gid);
  }
  return await launchVmm(
    { ...planned, identity, diesWithUs: true, onExit: () => undefined },
    () => monitor.isReachable(),
    signal,
  );
}

function recordOf(
  { name, program, accelerator, image, argumentsFor }: ThrowawayRequest,
  files: InheritedFiles,
): LaunchRecord {
  const uuid = randomUUID();
  return {
    version: 1,
    vmId: name,
    installationId: name,
    incarnation: 1,
    uuid,
    argv: [program.path, ...argumentsFor(uuid, files)],
    machineType: program.machineType,
    qemuVersion: program.version,
    accelerator,
    imageDigest: image.digest,
    launchedAt: Date.now(),
    consoleOffset: 0,
    process: null,
    restore: null,
    isSpare: false,
    attachments: undefined,
    diskGib: undefined,
    end: null,
  };
}
