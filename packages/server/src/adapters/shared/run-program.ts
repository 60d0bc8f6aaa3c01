import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';

/** How a program ended that was run to its end. */
export interface ProgramResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The first executable of this name in the search path, or null. */
export function findProgram(name: string, searchPath = process.env['PATH'] ?? ''): string | null {
  for (const directory of searchPath.split(delimiter)) {
    if (directory === '') continue;
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory: the next one may have it.
    }
  }
  return null;
}

/** Characters kept of each stream; a program that says more is ended. */
const MOST_CHARACTERS = 16 * 1024 * 1024;

/**
 * Runs a program to its end; an exit code other than 0 is a value. It has no input. Rejects with the signal's reason, or with the
 * system's error if it cannot be started. It is killed when the signal is aborted.
 */
export async function runProgram(
  path: string,
  args: readonly string[],
  options: {
    readonly signal: AbortSignal;
    readonly cwd?: string;
    /** Besides those of this process. */
    readonly env?: Readonly<Record<string, string>>;
    /** What the program has from its descriptor 3 upward, in this order. They stay ours to close. */
    readonly descriptors?: readonly number[];
  },
): Promise<ProgramResult> {
  const { signal, cwd, descriptors = [] } = options;
  signal.throwIfAborted();
  const child = spawn(path, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...descriptors],
    env: { ...process.env, LC_ALL: 'C', ...options.env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const end = (): void => {
    child.kill('SIGKILL');
    // What it has started itself may have them still.
    for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => collect(stream, end));
    const [exitCode] = await once(child, 'close');
    signal.throwIfAborted();
    return { exitCode, stdout: stdout?.() ?? '', stderr: stderr?.() ?? '' };
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** What comes of the stream, as text. `onTooMuch` is called when that is too much, of which the rest is dropped. */
function collect(stream: Readable | null, onTooMuch: () => void): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (piece: string) => {
    if (text.length + piece.length > MOST_CHARACTERS) return onTooMuch();
    text += piece;
  });
  return () => text;
}
