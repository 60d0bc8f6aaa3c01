import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../errors.ts';
import type { ProgressUpdate } from '../output/progress.ts';

const KEPT_LINES = 40;
const LOCK_TRIES = 120;

/** How to run a program as root: directly, or by sudo. */
export type Elevation = readonly [] | readonly ['sudo'];

/**
 * Installs Debian packages, with progress. A dpkg that was interrupted earlier is set right first, and another package
 * manager at work is waited for. Throws a `CliError` with apt's own last words.
 */
export async function installDebianPackages(
  packages: readonly string[],
  elevation: Elevation,
  onProgress: (update: ProgressUpdate) => void,
): Promise<void> {
  onProgress({ fraction: null, message: 'reading the package lists' });
  await run([...elevation, 'dpkg', '--configure', '-a'], onProgress);
  await updateLists(elevation, onProgress);
  await run(
    [
      ...elevation,
      ...['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '-q', '--no-install-recommends'],
      ...['-o', 'DPkg::Lock::Timeout=300', '-o', 'APT::Status-Fd=1', '-o', 'Dpkg::Use-Pty=0'],
      ...packages,
    ],
    onProgress,
  );
}

/** Unlike dpkg's lock, apt has no option to wait for that of its lists: so we ask again. */
async function updateLists(elevation: Elevation, onProgress: (update: ProgressUpdate) => void): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run([...elevation, 'apt-get', 'update', '-q', '-o', 'APT::Status-Fd=1'], onProgress);
    } catch (error) {
      const isLocked = error instanceof Error && error.message.includes('Could not get lock');
      if (!isLocked || tries === LOCK_TRIES) throw error;
      onProgress({ fraction: null, message: 'waiting for another package manager' });
      await delay(1000);
    }
  }
}

async function run(argv: readonly string[], onProgress: (update: ProgressUpdate) => void): Promise<void> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
  const lines: string[] = [];
  const keep = (line: string): void => {
    const update = parseStatusLine(line);
    if (update !== null) onProgress(update);
    else if (lines.push(line) > KEPT_LINES) lines.shift();
  };
  createInterface({ input: child.stdout }).on('line', keep);
  createInterface({ input: child.stderr }).on('line', keep);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (exitCode !== 0)
    throw new CliError(describeFailure(argv, lines), { reason: 'setup.packages', hint: 'volary doctor' });
}

/** `dlstatus:1:42.0:Retrieving …` and `pmstatus:gcc:80.0:Unpacking …`: downloads are the first half, unpacking the second. */
export function parseStatusLine(line: string): ProgressUpdate | null {
  const match = /^(dlstatus|pmstatus):[^:]*(?::[^:]*)?:(\d+(?:\.\d+)?):(.*)$/.exec(line);
  if (match === null) return null;
  const half = Number(match[2]) / 200;
  return { fraction: match[1] === 'dlstatus' ? half : 0.5 + half, message: (match[3] ?? '').trim() };
}

function describeFailure(argv: readonly string[], lines: readonly string[]): string {
  const words = lines.filter((line) => /^(E|dpkg|sudo):/.test(line));
  const tail = (words.length > 0 ? words : lines).slice(-4).join(' ');
  const command = argv.find((word) => word === 'apt-get' || word === 'dpkg') ?? argv[0];
  return `${command} failed: ${tail === '' ? 'it said nothing' : tail}`;
}
