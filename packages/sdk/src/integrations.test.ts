import { describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { sendJson, startScriptedServer } from './testing/scripted-server.ts';

describe('what is sent by integrations', () => {
  it('is asked for under one key, though the connection breaks', async () => {
    await using server = await startScriptedServer(
      (response) => response.destroy(),
      sendJson({ id: '1.2', channel: 'C1' }, 201),
    );
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    expect(await client.integrations.postSlackMessage({ channel: 'C1', text: 'x' })).toEqual({
      id: '1.2',
      channel: 'C1',
    });
    const keys = server.seen.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it('is not asked for again where nobody knows whether it was sent', async () => {
    const unknown = {
      status: 503,
      code: 'unavailable',
      reason: 'integration.unavailable',
      detail: 'x',
      retryable: true,
      request_id: 'req_1',
    };
    await using server = await startScriptedServer(sendJson(unknown, 503, 'application/problem+json'));
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    await expect(client.integrations.createComment({ repository: 'a/b', issue: 1, body: 'x' })).rejects.toMatchObject({
      reason: 'integration.unavailable',
    });
    expect(server.seen).toHaveLength(1);
  });
});
