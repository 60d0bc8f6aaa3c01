import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Installation, VOLARY } from './installation.ts';

/** A command of the command line that follows something, printed as JSON, one in a line. */
export interface Follower<T> {
  readonly seen: readonly T[];
  /** Resolves when it is so of what has been printed; rejects when the command ends before. */
  until(isSo: (seen: readonly T[]) => boolean): Promise<void>;
  /** As Ctrl+C does. */
  end(): Promise<void>;
}

/** `volary WHAT --follow --json` with these further words. */
export function follow<T>(here: Installation, what: 'events' | 'logs', words: readonly string[]): Follower<T> {
  const child = spawn(VOLARY, [what, '--follow', '--json', ...words], {
    env: here.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const seen: T[] = [];
  let wake = (): void => undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    seen.push(JSON.parse(line));
    wake();
  });
  void closed.then(() => wake());
  return {
    seen,
    async until(isSo) {
      while (!isSo(seen)) {
        if (child.exitCode !== null) throw new Error(`the follower ended with ${child.exitCode}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async end() {
      child.kill('SIGINT');
      await closed;
    },
  };
}

/** What the server of this installation says of itself in its data directory. */
export function serverFile({ dataDir }: Installation): { readonly pid: number; readonly url: string } {
  return JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8'));
}
