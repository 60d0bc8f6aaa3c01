import { describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { collect } from './testing/collect.ts';
import { sendJson, startScriptedServer } from './testing/scripted-server.ts';

describe('webhooks', () => {
  it('are made once, though the connection breaks under the request', async () => {
    await using server = await startScriptedServer(
      (response) => response.destroy(),
      sendJson({ id: 'hook_1', secret: 's' }, 201),
    );
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    expect(await client.webhooks.create({ url: 'http://a/' })).toMatchObject({ id: 'hook_1' });

    const keys = server.seen.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it('are not changed twice when it is not known whether they were changed', async () => {
    await using server = await startScriptedServer((response) => response.destroy());
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    await expect(client.webhooks.update('hook_1', { rotate_secret: true })).rejects.toThrow();
    expect(server.seen).toHaveLength(1);
  });

  it('have deliveries, page after page', async () => {
    await using server = await startScriptedServer(
      sendJson({ items: [{ id: 'dlv_2' }], next_cursor: 'dlv_2' }),
      sendJson({ items: [{ id: 'dlv_1' }], next_cursor: null }),
    );
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    const all = await collect(client.webhooks.allDeliveries('hook_1', { state: 'dead' }));

    expect(all.map(({ id }) => id)).toEqual(['dlv_2', 'dlv_1']);
    expect(server.seen.map(({ query }) => [query.get('state'), query.get('cursor')])).toEqual([
      ['dead', null],
      ['dead', 'dlv_2'],
    ]);
  });
});
