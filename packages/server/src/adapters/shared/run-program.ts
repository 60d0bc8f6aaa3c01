import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

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

/**
 * Runs a program to its end; an exit code other than 0 is a value. Rejects with the signal's reason, or with the
 * system's error if it cannot be started. It is killed when the signal is aborted.
 */
export function runProgram(
  path: string,
  args: readonly string[],
  options: {
    readonly signal: AbortSignal;
    readonly cwd?: string;
    /** Besides those of this process. */
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    if (options.signal.aborted) return reject(options.signal.reason);
    const settings = {
      signal: options.signal,
      killSignal: 'SIGKILL',
      maxBuffer: 16 * 1024 * 1024,
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C', ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    } as const;
    const child = execFile(path, [...args], settings, (error, stdout, stderr) => {
      if (options.signal.aborted) return reject(options.signal.reason);
      if (error !== null && typeof error.code !== 'number' && error.signal == null) return reject(error);
      resolve({ exitCode: child.exitCode, stdout, stderr });
    });
  });
}
