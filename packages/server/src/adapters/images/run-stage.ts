import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { VolaryError } from '../../domain/errors.ts';

export interface Stage {
  /** What it is, for the error: "building the guest agent". */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called with each line that the program prints, on either stream. */
  readonly onLine?: (line: string) => void;
}

/** Lines kept for the error; apt says what went wrong in its last ones. */
const KEPT_LINES = 40;
/** A build that was cancelled gets this long to unmount what it has mounted, milliseconds. */
const GRACE_MS = 5_000;

/**
 * Runs one program of a build to its end, in a process group of its own. When the signal is aborted the group is asked
 * to end, then made to. Throws the signal's reason, or `failed_precondition` image.build_failed with the program's own last words.
 */
export async function runStage({ name, program, args, env = {}, signal, onLine }: Stage): Promise<void> {
  signal.throwIfAborted();
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const child = spawn(program, [...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: path, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive', ...env },
  });
  const lines: string[] = [];
  const note = (line: string): void => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    onLine?.(line);
  };
  createInterface({ input: child.stdout }).on('line', note);
  createInterface({ input: child.stderr }).on('line', note);
  const stop = endGroupOnAbort(child.pid, signal);
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    signal.throwIfAborted();
    if (exitCode !== 0) throw failed(name, lines);
  } finally {
    stop();
  }
}

function endGroupOnAbort(pid: number | undefined, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    signalGroup(pid, 'SIGTERM');
    timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MS);
  };
  signal.addEventListener('abort', end, { once: true });
  return () => {
    signal.removeEventListener('abort', end);
    clearTimeout(timer);
  };
}

/** Our child has not been waited for yet, so that its group cannot be somebody else's. */
function signalGroup(pid: number | undefined, name: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    // The whole group has ended by itself in this moment.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function failed(name: string, lines: readonly string[]): VolaryError {
  const telling = lines.filter((line) => /^(E|Err|W): ?|error|fail|unable/i.test(line.trim()));
  const words = (telling.length > 0 ? telling : lines).slice(-6).join('\n');
  return new VolaryError('failed_precondition', `It failed while ${name}:\n${words}`, {
    reason: 'image.build_failed',
    context: { output: lines.join('\n') },
  });
}
