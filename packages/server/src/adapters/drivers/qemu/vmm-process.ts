import { uuidOf, type VmId } from '../../../domain/ids.ts';
import {
  findProcess,
  identifyDirectory,
  listPids,
  type ProcessFacts,
  readBootId,
  readProcess,
} from '../../shared/process.ts';
import { sleep } from '../../shared/sleep.ts';
import { endFailed } from './errors.ts';
import type { LaunchRecord } from './launch-record.ts';
import type { VmDirectory } from './vm-directory.ts';

/** How often a process is looked at whose end is awaited; Linux tells nobody but its parent. */
const POLL_MS = 4;

/** What a VMM is known by: its record or, where that is lost, the UUID that every one is told on its command line. */
export type VmmTraits = Pick<LaunchRecord, 'uuid' | 'process'> & { readonly argv: readonly string[] | null };

/** What the VMM of this VM is known by without its record. */
export function traitsOf(vmId: VmId): VmmTraits {
  return { uuid: uuidOf(vmId), process: null, argv: null };
}

/**
 * The VMM of this record, proven to be it, or null. The proof: it lives, its command line ends with the recorded one to
 * the last letter (or tells it this VM's UUID, where there is no record), its working directory is this VM's run directory
 * and, where they were recorded, its pid belongs to the same boot of the host and the same start. A number that has been
 * given to another process never passes. While it becomes QEMU it has no command line, and what was recorded must do.
 */
export function findVmm(record: VmmTraits, directory: VmDirectory): ProcessFacts | null {
  if (record.process !== null) {
    const facts = findProcess(record.process);
    return facts !== null && isVmmOf(record, directory, facts) ? facts : null;
  }
  // We were interrupted between starting it and writing down its number, or have nothing written down.
  for (const pid of listPids()) {
    const facts = readProcess(pid);
    if (facts !== null && isVmmOf(record, directory, facts)) return facts;
  }
  return null;
}

/** True when the record was written in an earlier boot of the host: then nothing of it can be alive. */
export function isOfEarlierBoot(record: LaunchRecord): boolean {
  return record.process !== null && record.process.bootId !== readBootId();
}

/** Waits until it is gone; false if it is still there after the time. */
export async function waitForEnd(
  record: VmmTraits,
  directory: VmDirectory,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  return await waitUntil(() => findVmm(record, directory) === null, options);
}

/**
 * Kills it at once, after proving again that it is the one, and waits for its death.
 * Throws `unavailable` driver.end_failed when it does not die, as a process does that is stuck in the kernel.
 */
export async function killVmm(
  record: VmmTraits,
  directory: VmDirectory,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const facts = findVmm(record, directory);
  if (facts === null) return;
  try {
    process.kill(facts.pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw endFailed(facts.pid, error);
  }
  // It loses its command line some time before it is gone: from here on its number and its start are its proof.
  const killed = { pid: facts.pid, startTimeTicks: facts.startTimeTicks, bootId: readBootId() };
  const isGone = (): boolean => findProcess(killed) === null;
  if (!(await waitUntil(isGone, options))) throw endFailed(facts.pid, null);
}

async function waitUntil(
  isSo: () => boolean,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!isSo()) {
    if (performance.now() >= deadline) return false;
    await sleep(POLL_MS, signal);
  }
  return true;
}

function isVmmOf(traits: VmmTraits, directory: VmDirectory, facts: ProcessFacts): boolean {
  const isBecoming = facts.commandLine.length === 0 && traits.process !== null;
  if (!isBecoming && !isToldAs(traits, facts.commandLine)) return false;
  return facts.workingDirectory !== null && facts.workingDirectory === identifyDirectory(directory.runPath);
}

function isToldAs({ argv, uuid }: VmmTraits, commandLine: readonly string[]): boolean {
  if (argv === null)
    return commandLine.some((argument, index) => argument === '-uuid' && commandLine[index + 1] === uuid);
  const tail = commandLine.slice(-argv.length);
  return tail.length === argv.length && tail.every((argument, index) => argument === argv[index]);
}
