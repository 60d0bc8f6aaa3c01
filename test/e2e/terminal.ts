import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PATIENCE_MS = 60_000;

/** A terminal with a shell script that runs on it. */
export interface Terminal extends AsyncDisposable {
  type(keys: string): void;
  /** Resolves with the match when the terminal shows this, after what was waited for last. */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Runs a shell script on a real terminal, which `script` makes: what it shows is read, and keys are typed into it. */
export function openTerminal(script: string, env: Readonly<Record<string, string>>): Terminal {
  const directory = mkdtempSync(join(tmpdir(), 'volary-test-terminal-'));
  const file = join(directory, 'session.sh');
  writeFileSync(file, script);
  const child = spawn('script', ['-qec', `bash ${file}`, '/dev/null'], {
    env: { ...env, TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  child.stdin.on('error', () => {}); // it may have ended by itself
  let shown = '';
  let seen = 0;
  let notify = (): void => {};
  child.stdout.on('data', (chunk) => {
    shown += chunk;
    notify();
  });
  child.stdout.on('end', () => notify());

  async function shows(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const match = pattern.exec(shown.slice(seen));
      if (match !== null) {
        seen += match.index + match[0].length;
        return match;
      }
      if (deadline.aborted || child.stdout.readableEnded)
        throw new Error(`The terminal never showed ${pattern}, but: ${shown.slice(seen)}`);
      await new Promise<void>((resolve) => {
        notify = resolve;
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  return {
    type: (keys) => child.stdin.write(keys),
    shows,
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      if (child.exitCode === null) child.kill('SIGHUP');
      await ended;
      rmSync(directory, { recursive: true });
    },
  };
}
