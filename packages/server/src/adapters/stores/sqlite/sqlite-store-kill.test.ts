import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { numberedId } from '../../../ports/store-contract/samples.contract.ts';
import { makeSqliteFixture } from './sqlite-store.fixture.ts';

const STORM = fileURLToPath(new URL('./write-storm.fixture.ts', import.meta.url));

describe('a server that is killed while it writes', () => {
  it('has lost nothing that was committed, has nothing half, and goes on counting', { timeout: 60_000 }, async () => {
    await using fixture = makeSqliteFixture();
    for (const transactions of [1, 40, 150]) {
      const committed = await stormUntil(fixture.path, transactions);

      const store = await fixture.open();
      const revision = (await store.vms.get(numberedId('vm', 1)))?.revision ?? 0;
      // The one after the last that was told of may have been committed too.
      expect(revision).toBeGreaterThanOrEqual(committed);

      const events = await store.events.list({ after: 0, limit: 1_000_000 });
      const expected = Array.from({ length: 2 * (revision - 1) }, (_, i) => ({
        sequence: i + 1,
        data: { note: `${Math.floor(i / 2) + 2} ${i % 2 === 0 ? 'a' : 'b'}` },
      }));
      expect(events.map(({ sequence, data }) => ({ sequence, data }))).toEqual(expected);
      await store[Symbol.asyncDispose]();
    }
  });
});

/** Lets another process write, and kills it when so many transactions were told of. Returns the last revision told of. */
async function stormUntil(path: string, transactions: number): Promise<number> {
  const storm = spawn(process.execPath, [STORM, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(storm, 'exit');
  let last = 0;
  let count = 0;
  for await (const line of createInterface({ input: storm.stdout })) {
    last = Number(line);
    count += 1;
    if (count === transactions) storm.kill('SIGKILL');
  }
  const [, signal] = await ended;
  expect(signal).toBe('SIGKILL');
  return last;
}
