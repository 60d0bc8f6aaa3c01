import { createClient } from '@volary/sdk';
import { expect, it } from 'vitest';
import { ADMIN_KEY, runServer } from '../../../server/src/api/testing/run-server.ts';
import { readServerFile } from '../server/server-file.ts';
import { findRows, type Look } from './find-rows.ts';

it('finds all VMs, or those with such labels, and asks about none by itself', async () => {
  await using server = await runServer();
  const client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  for (const name of ['bird', 'nest', 'tree'])
    await client.operations.finish((await client.vms.create({ name, labels: { is: name } })).id);

  const all = await findRows(client, { interval: '5m' }, new AbortController());
  const some = await findRows(client, { interval: '1m', selector: 'is in (nest,tree)' }, new AbortController());

  expect(all.map(({ vm, metrics }) => [vm.name, metrics?.vm_id, metrics?.interval])).toEqual(
    all.map(({ vm }) => [vm.name, vm.id, '5m']),
  );
  expect(all.map(({ vm }) => vm.name)).toEqual(['bird', 'nest', 'tree']);
  expect(some.map(({ vm }) => vm.name)).toEqual(['nest', 'tree']);
  const routes = (await client.metrics.scrape()).matchAll(
    /_duration_seconds_count\{method="GET",route="([^"]+metrics)"/g,
  );
  expect([...routes].map(([, route]) => route)).toEqual(['/v1/metrics']);
});

it('waits so long for a server that hangs, and for none when it is ended', async () => {
  await using server = await runServer();
  const client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  const look = (bounds: Look) => findRows(client, { interval: '1m' }, bounds);
  const pid = (await readServerFile(server.dataDir))?.pid;
  // 0 would be this process and all that it belongs to.
  if (pid === undefined) throw new Error('the server has said which process it is');
  const ended = new AbortController();

  process.kill(pid, 'SIGSTOP');
  using _goesOn = { [Symbol.dispose]: () => void process.kill(pid, 'SIGCONT') };
  await expect(look({ signal: ended.signal, silenceMs: 300 })).rejects.toMatchObject({
    ...{ reason: 'cli.no_server', message: 'The server has not answered for 0.3 s.' },
  });
  const unanswered = look({ signal: ended.signal });
  ended.abort();
  await expect(unanswered).rejects.toMatchObject({ name: 'AbortError' });

  process.kill(pid, 'SIGCONT');
  expect(await look(new AbortController())).toEqual([]);
});
