import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';

import { VolaryError } from '../../../domain/errors.ts';
import type { FaultPoint } from '../../../ports/fault-point.ts';
import { readBootId, readProcess } from '../../shared/process.ts';
import { sleep } from '../../shared/sleep.ts';
import type { Identity } from '../../shared/vm-identity.ts';
import { endFailed } from './errors.ts';
import type { InheritedFiles } from './inherited-files.ts';
import { type LaunchRecord, writeRecord } from './launch-record.ts';
import { dropPrivileges } from './privileges.ts';
import { readLastWords } from './stderr-log.ts';
import type { VmDirectory } from './vm-directory.ts';

/** From the start of the process to its first answer; a loaded host may take seconds to load the program. */
const START_TIMEOUT_MS = 20_000;
const RETRY_MS = 3;
const KILL_TIMEOUT_MS = 10_000;

/** What a VMM is started with. */
export interface Launch {
  readonly directory: VmDirectory;
  /** Without the process, which does not exist yet. */
  readonly record: LaunchRecord;
  readonly identity: Identity | null;
  readonly files: InheritedFiles;
  /** The network namespace that it runs in; null: ours. */
  readonly namespacePath?: string | null;
  /** False for a VM; true for a probe, which nobody would look for after our death. */
  readonly diesWithUs: boolean;
  /** Called when the process has ended, however long that takes. */
  readonly onExit: () => void;
  readonly faultPoint?: FaultPoint | undefined;
}

/**
 * Starts the VMM in a session of its own, so that it outlives us, and returns the record once `isReady` has come true.
 * The record is written before the process exists and completed after: whenever we are interrupted, what runs can be found.
 * If anything fails, the process is killed; where even that fails, the record stays and `unavailable` driver.end_failed is thrown.
 * Throws `unavailable` driver.start_failed with its words in `context`, `data_loss` driver.disk_damaged,
 * `failed_precondition` driver.image_missing.
 */
export async function launchVmm(
  launch: Launch,
  isReady: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<LaunchRecord> {
  const { directory, faultPoint } = launch;
  await writeRecord(directory.recordPath, launch.record);
  faultPoint?.('qemu.launch-recorded');
  let record = launch.record;
  let child: ChildProcess | null = null;
  try {
    child = await spawnVmm(launch);
    faultPoint?.('qemu.vmm-spawned');
    record = { ...record, process: identify(child) };
    await writeRecord(directory.recordPath, record);
    faultPoint?.('qemu.vmm-recorded');
    await awaitReady(child, isReady, signal);
    return record;
  } catch (error) {
    if (child !== null) await killChild(child);
    if (error instanceof VolaryError || signal.aborted) throw error;
    throw await startFailed(directory, record, error);
  }
}

async function spawnVmm({
  directory,
  record,
  identity,
  files,
  namespacePath = null,
  diesWithUs,
  onExit,
}: Launch): Promise<ChildProcess> {
  const handles: FileHandle[] = [];
  try {
    await rm(directory.stderrPath, { force: true });
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL;
    handles.push(await open(directory.stderrPath, flags, 0o600));
    for (const path of files.values()) handles.push(await openInherited(path));
    // While we still may: once it has given up its rights it cannot leave it, nor enter another one.
    const entering = namespacePath === null ? [] : ['nsenter', `--net=${namespacePath}`, '--'];
    const [program = '', ...args] = [...entering, ...dropPrivileges(identity, record.argv, { diesWithUs })];
    const child = spawn(program, args, {
      cwd: directory.runPath,
      detached: true,
      stdio: ['ignore', 'ignore', ...handles.map((handle) => handle.fd)],
      // Nothing of our environment is its business.
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.once('exit', onExit);
    child.unref();
    return child;
  } finally {
    for (const handle of handles) await handle.close();
  }
}

async function openInherited(path: string): Promise<FileHandle> {
  return open(path, 'r').catch((cause: unknown) => {
    throw new VolaryError('failed_precondition', 'A file of the image that this VM starts from is gone.', {
      reason: 'driver.image_missing',
      context: { path },
      cause,
    });
  });
}

/**
 * Our own child needs no proof, and could not give one: between two programs, as while `setpriv` becomes QEMU, a process
 * has no command line. Throws `unavailable` driver.end_failed.
 */
async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(KILL_TIMEOUT_MS) });
  child.kill('SIGKILL');
  await exited.catch((cause: unknown) => {
    throw endFailed(child.pid ?? 0, cause);
  });
}

function identify(child: ChildProcess): LaunchRecord['process'] {
  const facts = child.pid === undefined ? null : readProcess(child.pid);
  if (facts === null) throw new Error('the process ended at once');
  return { pid: facts.pid, startTimeTicks: facts.startTimeTicks, bootId: readBootId() };
}

async function awaitReady(child: ChildProcess, isReady: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await isReady())) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the process ended while starting');
    if (performance.now() > deadline) throw new Error(`no answer within ${START_TIMEOUT_MS} ms`);
    await sleep(RETRY_MS, signal);
  }
}

/** QEMU's words for an overlay that it cannot read, whatever is wrong with it. */
const DAMAGED_DISK = /not in qcow2 format|image is corrupt|unsupported qcow2|qcow2: .*(invalid|too (large|small|big))/i;

async function startFailed(directory: VmDirectory, record: LaunchRecord, cause: unknown): Promise<VolaryError> {
  const lastWords = await readLastWords(directory.stderrPath);
  const context = { lastWords, argv: record.argv };
  if (DAMAGED_DISK.test(lastWords)) {
    return new VolaryError('data_loss', 'The disk of this VM is damaged: it cannot be started from it.', {
      reason: 'driver.disk_damaged',
      context,
      cause,
    });
  }
  return new VolaryError('unavailable', 'The virtual machine monitor did not start.', {
    reason: 'driver.start_failed',
    context,
    cause,
  });
}
