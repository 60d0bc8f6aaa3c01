import { spawn } from 'node:child_process';
import { VolaryError } from '../../domain/errors.ts';
import { readLines } from '../shared/bounded-lines.ts';

export interface Stage {
  /** What it is, for the error: "building the guest agent". */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** Descriptors that the program has from 3 upward, in this order. They stay ours to close. */
  readonly descriptors?: readonly number[];
  /** Parts of paths that must not appear in an error's message. */
  readonly hiddenPaths?: readonly string[];
  readonly signal: AbortSignal;
  /** How long it may take to end by itself when the signal is aborted, milliseconds. */
  readonly graceMs?: number;
  /** What it means that it failed, by its last lines; absent, or null: `image.build_failed` with them. */
  readonly explain?: (lines: readonly string[]) => Error | null;
  /** Called with each line that the program prints, on either stream. */
  readonly onLine?: (line: string) => void;
}

/** Lines kept for the error; apt says what went wrong in its last ones. */
const KEPT_LINES = 40;
/** Of these, how many are shown, and how much of each. */
const SHOWN_LINES = 6;
const SHOWN_LINE_LENGTH = 400;
const GRACE_MS = 5_000;

/**
 * Runs one program of a build to its end, in a process group of its own. When the signal is aborted the group is asked
 * to end, then made to. Throws the signal's reason, or `failed_precondition` image.build_failed with the program's own last words.
 */
export async function runStage(stage: Stage): Promise<void> {
  stage.signal.throwIfAborted();
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const child = spawn(stage.program, [...stage.args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(stage.descriptors ?? [])],
    env: { ...process.env, PATH: path, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive', ...stage.env },
    ...(stage.workingDirectory === undefined ? {} : { cwd: stage.workingDirectory }),
  });
  const lines: string[] = [];
  const note = (line: string): void => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    stage.onLine?.(line);
  };
  for (const output of [child.stdout, child.stderr]) {
    if (output !== null) readLines(output, note);
  }
  const stop = endGroupOnAbort(child.pid, stage);
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    stage.signal.throwIfAborted();
    if (exitCode !== 0) throw stage.explain?.(lines) ?? failed(stage, lines);
  } finally {
    stop();
  }
}

function endGroupOnAbort(pid: number | undefined, { signal, graceMs = GRACE_MS }: Stage): () => void {
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    signalGroup(pid, 'SIGTERM');
    timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
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

function failed({ name, hiddenPaths = [] }: Stage, lines: readonly string[]): VolaryError {
  const telling = lines.filter((line) => /^(E|Err|W): ?|error|fail|unable/i.test(line.trim()));
  const words = (telling.length > 0 ? telling : lines)
    .slice(-SHOWN_LINES)
    .map((line) => hiddenPaths.reduce((text, path) => text.replaceAll(path, '…'), line).slice(0, SHOWN_LINE_LENGTH))
    .join('\n');
  return new VolaryError('failed_precondition', `It failed while ${name}:\n${words}`, {
    reason: 'image.build_failed',
    context: { output: lines.join('\n') },
  });
}
