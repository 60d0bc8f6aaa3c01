import { createClient } from '@volary/sdk';
import { expect, it } from 'vitest';
import { ADMIN_KEY, runServer } from '../../../server/src/api/testing/run-server.ts';
import type { TopRow } from './draw-top.ts';
import { followTop } from './follow-top.ts';

/** What was drawn last, each time; `ended` resolves when it has ended. */
function follow(look: (signal: AbortSignal) => Promise<readonly TopRow[]>) {
  const ending = new AbortController();
  const screens: string[] = [];
  const stdout = { rows: 24, columns: 300, write: (text: string) => screens.push(text) > 0 };
  const ended = followTop(look, { stdout, title: 'last 1m', everyMs: 50, signal: ending.signal });
  return { ended, end: () => ending.abort(), screens, screen: () => screens.at(-1) ?? '' };
}

const rowsOf = async (url: string, apiKey = ADMIN_KEY): Promise<readonly TopRow[]> => {
  const { items } = await createClient({ baseUrl: url, apiKey }).vms.list();
  return items.map((vm) => ({ vm, metrics: null }));
};

it('goes on while no server answers, with what it has seen and why it sees no more', async () => {
  await using server = await runServer();
  const client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  await client.operations.finish((await client.vms.create({ name: 'bird' })).id);
  let { url } = server;
  const { ended, end, screens, screen } = follow(() => rowsOf(url));
  await expect.poll(screen, { timeout: 10_000 }).toMatch(/last 1m\n(.|\n)*bird/);

  await using next = await server.killAndStartAnother();
  await expect.poll(screen, { timeout: 10_000 }).toMatch(/last 1m; as of before: No server answers(.|\n)*bird/);
  url = next.url;
  await expect.poll(screen, { timeout: 30_000 }).toMatch(/last 1m\n(.|\n)*bird/);

  end();
  await ended;
  // The terminal has its own screen again.
  expect(screens.at(-1)).toContain('[?1049l');
});

it('ends while a server that hangs is looked at', async () => {
  const asked = Promise.withResolvers<void>();
  const { ended, end } = follow(
    (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        asked.resolve();
      }),
  );
  await asked.promise;

  end();

  await ended;
});

it('ends with what no other look mends, and with what keeps the first one from anything', async () => {
  await using server = await runServer();
  let apiKey = ADMIN_KEY;
  const { ended, screens } = follow(() => rowsOf(server.url, apiKey));
  await expect.poll(() => screens.length, { timeout: 10_000 }).toBeGreaterThan(1);
  apiKey = 'unknown';

  await expect(ended).rejects.toMatchObject({ status: 401 });
  await expect(follow(() => rowsOf('http://127.0.0.1:1')).ended).rejects.toThrow('No answer');
});
