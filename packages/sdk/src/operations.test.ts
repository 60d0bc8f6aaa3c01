import { describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { collect } from './testing/collect.ts';
import { sendJson, startScriptedServer } from './testing/scripted-server.ts';

const running = (revision: number) => ({ id: 'op_1', state: 'running', revision, error: null });

describe('an operation', () => {
  it('is followed change by change, through an outage, until it is final', async () => {
    await using server = await startScriptedServer(
      sendJson(running(1)),
      sendJson(running(1)),
      (response) => response.destroy(),
      sendJson(running(4)),
      sendJson({ ...running(5), state: 'succeeded' }),
    );
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    const seen = await collect(client.operations.follow('op_1'));

    expect(seen.map(({ revision }) => revision)).toEqual([1, 4, 5]);
    expect(server.seen.map(({ query }) => query.get('after_revision'))).toEqual(['0', '1', '1', '1', '4']);
  });

  it('that failed rejects with its own error', async () => {
    const error = {
      code: 'deadline_exceeded',
      reason: 'vm.boot_timeout',
      message: 'Too slow.',
      details: {},
      retryable: true,
    };
    await using server = await startScriptedServer(sendJson({ ...running(2), state: 'failed', error }));
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    await expect(client.operations.finish('op_1')).rejects.toMatchObject({
      status: null,
      code: 'deadline_exceeded',
      reason: 'vm.boot_timeout',
      message: 'Too slow.',
      operationId: 'op_1',
    });
  });

  it('lists page after page', async () => {
    await using server = await startScriptedServer(
      sendJson({ items: [running(1)], next_cursor: 'op_1' }),
      sendJson({ items: [running(2)], next_cursor: null }),
    );
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    const all = await collect(client.operations.listAll({ vm: 'first' }));

    expect(all.map(({ revision }) => revision)).toEqual([1, 2]);
    expect(server.seen.map(({ query }) => query.toString())).toEqual(['vm=first', 'vm=first&cursor=op_1']);
  });
});
