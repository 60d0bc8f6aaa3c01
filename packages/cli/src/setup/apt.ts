import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../errors.ts';
import type { ProgressUpdate } from '../output/progress.ts';

const KEPT_LINES = 400;
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
  const options = ['-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0'];
  await run(aptGet(elevation, 'install', ...options, ...packages), onProgress);
}

/**
 * apt tells its progress on a descriptor that it closes for the programs it starts: were it the standard output, their
 * scripts would fail. sudo closes all others. So a shell inside makes the third one of it.
 */
function aptGet(elevation: Elevation, ...words: readonly string[]): readonly string[] {
  const script = 'exec env DEBIAN_FRONTEND=noninteractive apt-get -q -o APT::Status-Fd=3 "$@" 3>&1';
  return [...elevation, 'sh', '-c', script, 'apt-get', ...words];
}

/** Unlike dpkg's lock, apt has no option to wait for that of its lists: so we ask again. */
async function updateLists(elevation: Elevation, onProgress: (update: ProgressUpdate) => void): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run(aptGet(elevation, 'update'), onProgress);
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

/** The first package that failed and why, else apt's own errors: what follows a failure are only its consequences. */
function describeFailure(argv: readonly string[], lines: readonly string[]): string {
  const culprit = lines.map((line) => /^pmerror:(.*?):\d+(?:\.\d+)?:(.*)$/.exec(line)).find((match) => match !== null);
  const words = lines.filter((line) => /^(E|dpkg|sudo): /.test(line));
  const tail =
    culprit === undefined ? (words.length > 0 ? words : lines).slice(-4).join(' ') : `${culprit[1]}: ${culprit[2]}`;
  const command = argv.find((word) => word === 'apt-get' || word === 'dpkg') ?? argv[0];
  return `${command} failed: ${tail === '' ? 'it said nothing' : tail}`;
}
