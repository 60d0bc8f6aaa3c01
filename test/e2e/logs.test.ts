import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, VOLARY } from './installation.ts';

/* What real guests print, as those find it who search and follow the log, through the death of the server. */

const SLOW = { timeout: 580_000 };
let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(() => here.remove());

interface Line {
  readonly sequence: number;
  readonly message: string;
  readonly source: string;
  readonly marks: readonly string[];
}

interface Follower {
  readonly seen: readonly Line[];
  /** Resolves when it is so of what has been printed. */
  until(isSo: (seen: readonly Line[]) => boolean): Promise<void>;
  end(): Promise<void>;
}

/** `volary logs --follow --json` with these further words. */
function follow(...words: readonly string[]): Follower {
  const child: ChildProcess = spawn(VOLARY, ['logs', '--follow', '--json', ...words], {
    env: here.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new TypeError('the child has no output');
  const closed = once(child, 'close');
  const seen: Line[] = [];
  let wake = (): void => undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    seen.push(JSON.parse(line));
    wake();
  });
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

const serverFile = (): { readonly pid: number; readonly url: string } =>
  JSON.parse(readFileSync(join(here.dataDir, 'server.json'), 'utf8'));

describe('the log of a guest', () => {
  it('has a million numbered lines: all of them, in order, once', SLOW, async () => {
    await here.must(['create', 'counter', '--run', 'seq 1000000; exec sleep 1000000']);
    const last = follow('counter', '--source', 'stdout', '--grep', '1000000', '--since', '1d');
    await last.until((seen) => seen.some(({ message }) => message === '1000000'));
    await last.end();

    const { bytes } = await here.volary(['logs', 'counter', '--source', 'stdout', '--json']);

    const lines = bytes.toString('utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(1_000_000);
    const wrong = lines.findIndex((text, at) => {
      const { message }: Line = JSON.parse(text);
      return message !== `${at + 1}`;
    });
    expect(wrong).toBe(-1);
    const found = await here.must(['logs', 'counter', '--grep', '777777', '--json']);
    expect(found.split('\n')).toHaveLength(1);
  });

  it('is followed through servers that are killed, each line once and in order', SLOW, async () => {
    const ticking = 'i=0; while :; do i=$((i+1)); echo "tick $i"; sleep 0.02; done';
    await here.must(['create', 'clock', '--run', ticking]);
    const ticks = follow('clock', '--source', 'stdout', '--since', '1d');
    await ticks.until((seen) => seen.length > 100);
    const { port } = new URL(serverFile().url);

    for (let life = 1; life <= 2; life++) {
      const before = ticks.seen.length;
      process.kill(serverFile().pid, 'SIGKILL');
      await here.must(['up', '--detach', '--no-vm'], { env: { VOLARY_LISTEN: `127.0.0.1:${port}` } });
      await ticks.until((seen) => seen.length > before + 200);
    }
    await ticks.end();

    expect(ticks.seen.map(({ message }) => message)).toEqual(ticks.seen.map((_, at) => `tick ${at + 1}`));
    const sequences = ticks.seen.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
  });

  it('has what its console says', SLOW, async () => {
    await here.must(['exec', 'clock', '--', 'sh', '-c', 'echo spoken on the console > /dev/console']);
    const spoken = follow('clock', '--source', 'console', '--grep', 'spoken', '--since', '1d');
    await spoken.until((seen) => seen.length > 0);
    await spoken.end();

    expect(spoken.seen).toMatchObject([{ source: 'console', message: 'spoken on the console', marks: [] }]);
  });
});
