import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { uptime } from 'node:os';

/** A process as `/proc` shows it now. */
export interface ProcessFacts {
  readonly pid: number;
  /** Clock ticks between the host's boot and the process's start; with pid and boot id it names one process for ever. */
  readonly startTimeTicks: number;
  readonly commandLine: readonly string[];
  /** `device:inode` of its working directory; null where we may not look. */
  readonly workingDirectory: string | null;
}

/** Which process is meant, across our own restarts and the host's. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTimeTicks: number;
  readonly bootId: string;
}

/** What passed an interface, as its host received and sent it. */
export interface DeviceCounts {
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
}

/** The host's boot, as the kernel names it: figures of one boot mean nothing in another. */
export function readBootId(procRoot = '/proc'): string {
  return readFileSync(`${procRoot}/sys/kernel/random/boot_id`, 'utf8').trim();
}

/**
 * The process, or null if there is none. A zombie is none: it has ended, and only its parent is late. Reading is
 * synchronous on purpose: `/proc` is memory, and the answer belongs to one moment.
 */
export function readProcess(pid: number, procRoot = '/proc'): ProcessFacts | null {
  const directory = `${procRoot}/${pid}`;
  const stat = readOrNull(`${directory}/stat`);
  if (stat === null) return null;
  // The second field is the program's name in brackets and may hold anything, brackets and spaces included.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startTimeTicks = Number(fields[19]);
  if (state === undefined || state === 'Z' || state === 'X' || !Number.isSafeInteger(startTimeTicks)) return null;
  const commandLine = readOrNull(`${directory}/cmdline`);
  if (commandLine === null) return null;
  return {
    pid,
    startTimeTicks,
    commandLine: commandLine.split('\0').slice(0, -1),
    workingDirectory: readWorkingDirectory(directory),
  };
}

/** Linux tells processes' times in hundredths of a second, on every architecture that Node runs on. */
const TICK_MS = 10;

/** Processor time that the process has taken, all its threads together, in its own code and in the kernel's; null if it is gone. */
export function readCpuMs(pid: number, procRoot = '/proc'): number | null {
  const stat = readOrNull(`${procRoot}/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isSafeInteger(ticks) ? ticks * TICK_MS : null;
}

/** For how long the process has been there, milliseconds. */
export function uptimeMsOf({ startTimeTicks }: Pick<ProcessFacts, 'startTimeTicks'>): number {
  return Math.round(uptime() * 1_000) - startTimeTicks * TICK_MS;
}

/** What it has of the host's memory now, with what it shares with others; null if it is gone. */
export function readResidentBytes(pid: number, procRoot = '/proc'): number | null {
  const kib = /^VmRSS:\s+(?<kib>\d+) kB$/m.exec(readOrNull(`${procRoot}/${pid}/status`) ?? '')?.groups?.['kib'];
  return kib === undefined ? null : Number(kib) * 1_024;
}

/** What an interface in the process's network namespace has counted; null if either is gone. */
export function readDevice(pid: number, name: string, procRoot = '/proc'): DeviceCounts | null {
  const lines = readOrNull(`${procRoot}/${pid}/net/dev`)?.split('\n') ?? [];
  const line = lines.find((each) => each.trimStart().startsWith(`${name}:`));
  if (line === undefined) return null;
  // Eight figures of what it received, then eight of what it sent.
  const figures = line
    .slice(line.indexOf(':') + 1)
    .trim()
    .split(/\s+/)
    .map(Number);
  const at = (place: number): number => figures[place] ?? 0;
  return { receivedBytes: at(0), receivedPackets: at(1), sentBytes: at(8), sentPackets: at(9) };
}

/** Numbers of all processes. */
export function listPids(procRoot = '/proc'): readonly number[] {
  return readdirSync(procRoot)
    .filter((name) => /^[1-9][0-9]*$/.test(name))
    .map(Number);
}

/** `device:inode` of a directory, to compare with a process's working directory; null if it is not there. */
export function identifyDirectory(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}

/** The very process, if it still lives. */
export function findProcess(identity: ProcessIdentity, procRoot = '/proc'): ProcessFacts | null {
  if (identity.bootId !== readBootId(procRoot)) return null;
  const facts = readProcess(identity.pid, procRoot);
  return facts !== null && facts.startTimeTicks === identity.startTimeTicks ? facts : null;
}

function readWorkingDirectory(directory: string): string | null {
  try {
    readlinkSync(`${directory}/cwd`);
    return identifyDirectory(`${directory}/cwd`);
  } catch (error) {
    if (isGoneOrHidden(error)) return null;
    throw error;
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isGoneOrHidden(error)) return null;
    throw error;
  }
}

function isGoneOrHidden(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ENOENT' || error.code === 'ESRCH' || error.code === 'EACCES' || error.code === 'EPERM';
}
