import { createClient } from '@volary/sdk';
import { expect, it } from 'vitest';
import { ADMIN_KEY, runServer } from '../../../server/src/api/testing/run-server.ts';
import { findRows } from './find-rows.ts';

it('finds all VMs, or those with such labels, and asks about none by itself', async () => {
  await using server = await runServer();
  const client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  for (const name of ['bird', 'nest', 'tree'])
    await client.operations.finish((await client.vms.create({ name, labels: { is: name } })).id);

  const all = await findRows(client, { interval: '5m' });
  const some = await findRows(client, { interval: '1m', selector: 'is in (nest,tree)' });

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
