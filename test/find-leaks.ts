/** What a test file may leave behind by mistake: processes, files in its temp directory, open handles. */
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** How many handles of each kind keep the event loop alive. */
export type HandleCounts = ReadonlyMap<string, number>;

/** A process and how it is known to be of the test file. */
export interface FoundProcess {
  readonly pid: number;
  readonly commandLine: string;
}

/** Sockets close and killed processes vanish a moment after they were told to: that long is not a leak yet. */
const GRACE_MS = 3_000;
const POLL_MS = 20;

/** The real clock, also where a test forgot to give it back. */
const now = performance.now.bind(performance);

/** Kinds that a test can forget to close. Others (file reads under way, the worker's own pipes) come and go. */
const WATCHED_HANDLES = new Set([
  'FSEventWrap',
  'MessagePort',
  'PipeServerWrap',
  'ProcessWrap',
  'StatWatcher',
  'TCPServerWrap',
  'TCPSocketWrap',
  'UDPWrap',
  'Worker',
]);

/** The handles that are open now. */
export function countHandles(): HandleCounts {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (WATCHED_HANDLES.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/**
 * Every leak of a test file, one line each; empty when it left nothing.
 *
 * @param directory the file's temp directory, its TMPDIR
 * @param before the handles that were open before its first test
 */
export function findLeaks(directory: string, before: HandleCounts): readonly string[] {
  const processes = findProcesses(directory).map(({ pid, commandLine }) => `process ${pid}: ${commandLine}`);
  // Node's own cache of compiled modules, by whichever program it ran, is no one's leak.
  const names = readdirSync(directory).filter((name) => name !== 'node-compile-cache');
  const files = names.map((name) => `file: ${join(directory, name)}`);
  const handles = [...countHandles()]
    .filter(([kind, count]) => count > (before.get(kind) ?? 0))
    .map(([kind, count]) => `handles: ${count - (before.get(kind) ?? 0)} ${kind}`);
  return [...processes, ...files, ...handles];
}

/** What `findLeaks` still finds after things that are about to end had a moment to do so. */
export async function waitForNoLeaks(
  directory: string,
  before: HandleCounts,
  graceMs = GRACE_MS,
): Promise<readonly string[]> {
  const deadline = now() + graceMs;
  for (;;) {
    const leaks = findLeaks(directory, before);
    if (leaks.length === 0 || now() > deadline) return leaks;
    await delay(POLL_MS);
  }
}

/** Ends the processes of a test file and removes its temp directory, so that one leak does not become the next file's. */
export function endLeaks(directory: string): void {
  for (const { pid } of findProcesses(directory)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  rmSync(directory, { recursive: true, force: true });
}

/**
 * Processes of a test file, other than this one: children of this process, and whoever was started with the file's temp
 * directory as TMPDIR, works in it or names it. A virtual machine monitor is no child of ours but is one of the latter.
 */
function findProcesses(directory: string): readonly FoundProcess[] {
  // Names alone: to ask what each is would fail for a process that has ended meanwhile.
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid)
    .flatMap((pid) => describeIfOurs(pid, directory));
}

function describeIfOurs(pid: number, directory: string): readonly FoundProcess[] {
  // The name in the second field may hold anything, so count from its closing parenthesis.
  const [state, parent] = readProc(pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ');
  if (state === undefined || state === '' || state === 'Z' || state === 'X') return [];
  const commandLine = readProc(pid, 'cmdline').replaceAll('\0', ' ').trim();
  const isOurs =
    Number(parent) === process.pid ||
    commandLine.includes(directory) ||
    isInside(workingDirectory(pid), directory) ||
    readProc(pid, 'environ').split('\0').includes(`TMPDIR=${directory}`);
  return isOurs ? [{ pid, commandLine: commandLine.slice(0, 200) }] : [];
}

function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function readProc(pid: number, file: string): string {
  return orNothing(() => readFileSync(`/proc/${pid}/${file}`, 'utf8'));
}

function workingDirectory(pid: number): string {
  return orNothing(() => readlinkSync(`/proc/${pid}/cwd`));
}

/** Processes end while we look, and those of other users do not let us read everything. */
function orNothing(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (isGone(error) || hasCode(error, 'EACCES') || hasCode(error, 'EPERM')) return '';
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return hasCode(error, 'ESRCH') || hasCode(error, 'ENOENT');
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
