import type { Operation } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';

let server: RunningServer;
let client: VolaryClient;
beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

function tookMs({ created_at, completed_at }: Operation): number {
  return Date.parse(completed_at ?? '') - Date.parse(created_at);
}

describe('when an operation is expected to be over', () => {
  it('is when it was over, of one that is', async () => {
    const { id } = await client.operations.finish((await client.vms.create({ name: 'over' })).id);

    expect(await client.operations.estimate(id)).toEqual({
      operation_id: id,
      completed_at: (await client.operations.get(id)).completed_at,
      is_final: true,
    });
  });

  it('goes by what those of its kind took, the one in their middle', async () => {
    for (const name of ['one', 'two']) await client.operations.finish((await client.vms.create({ name })).id);
    const done: Operation[] = [];
    for await (const operation of client.operations.listAll({ kind: 'vm.create', state: 'succeeded' }))
      done.push(operation);
    const [, middle = 0] = done.map(tookMs).toSorted((a, b) => a - b);
    const labels = { 'simulate.start_delay_ms': '60000' };
    const { id, created_at } = await client.vms.create({ name: 'slow', labels });

    expect(done).toHaveLength(3);
    expect(await client.operations.estimate(id)).toEqual({
      operation_id: id,
      completed_at: new Date(Date.parse(created_at) + middle).toISOString(),
      is_final: false,
    });
  });

  it('is not known where none of its kind is', async () => {
    await client.operations.finish(
      (await client.vms.create({ name: 'kept', labels: { 'simulate.save_delay_ms': '60000' } })).id,
    );
    const { id } = await client.snapshots.create('kept', { name: 'first' });

    expect(await client.operations.estimate(id)).toEqual({ operation_id: id, completed_at: null, is_final: false });
  });
});
