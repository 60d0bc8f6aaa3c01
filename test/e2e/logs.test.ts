import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { follow, serverFile } from './follow.ts';
import { createInstallation, type Installation } from './installation.ts';

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

/** `volary logs --follow --json` with these further words. */
const logs = (...words: readonly string[]) => follow<Line>(here, 'logs', words);

describe('the log of a guest', () => {
  it('has a million numbered lines: all of them, in order, once', SLOW, async () => {
    await here.must(['create', 'counter', '--run', 'seq 1000000; exec sleep 1000000']);
    const last = logs('counter', '--source', 'stdout', '--grep', '1000000', '--since', '1d');
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
    const ticks = logs('clock', '--source', 'stdout', '--since', '1d');
    await ticks.until((seen) => seen.length > 100);
    const { port } = new URL(serverFile(here).url);

    for (let life = 1; life <= 2; life++) {
      const before = ticks.seen.length;
      process.kill(serverFile(here).pid, 'SIGKILL');
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
    const spoken = logs('clock', '--source', 'console', '--grep', 'spoken', '--since', '1d');
    await spoken.until((seen) => seen.length > 0);
    await spoken.end();

    expect(spoken.seen).toMatchObject([{ source: 'console', message: 'spoken on the console', marks: [] }]);
  });
});
