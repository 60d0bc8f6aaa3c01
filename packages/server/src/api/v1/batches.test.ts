import { type Problem, routes } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { send } from '../testing/send.ts';

let server: RunningServer;
let client: VolaryClient;

beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  await client.operations.finish((await client.vms.create({ name: 'first', labels: { app: 'web' } })).id);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

describe('a batch', () => {
  it.each([
    [{ action: 'create' }, 'items[1].spec', 'is required'],
    [{ action: 'create', spec: {}, vm: 'first' }, 'items[1].vm', 'is nothing that create takes'],
    [{ action: 'stop' }, 'items[1].vm', 'or selector is required, and not both'],
    [{ action: 'stop', vm: 'first', selector: 'app' }, 'items[1].vm', 'or selector is required, and not both'],
    [{ action: 'stop', vm: 'first', command: 'ls' }, 'items[1].command', 'is nothing that stop takes'],
    [{ action: 'exec', vm: 'first' }, 'items[1].argv', 'or command is required, and not both'],
    [{ action: 'exec', vm: 'first', argv: ['a'], command: 'a' }, 'items[1].argv', 'or command is required'],
    [{ action: 'exec', vm: 'first', command: 'a', grace_ms: 1 }, 'items[1].grace_ms', 'is nothing that exec takes'],
    [{ action: 'create', spec: { vcpus: 0 } }, 'items[1].spec.vcpus', 'must be from 1 to 64'],
  ])('with the item %j is refused by the path of what is wrong', async (item, field, message) => {
    const body = { items: [{ action: 'exec', vm: 'first', command: 'echo ran >> /root/refused' }, item] };
    const answer = await send(server.url, routes.runBatch, { body });

    const problem: Problem = JSON.parse(answer.text);
    expect(problem).toMatchObject({ status: 400, reason: 'request.invalid' });
    expect(problem.errors?.[0]).toMatchObject({ field, message: expect.stringContaining(message) });
    expect((await client.executions.list('first')).items).toEqual([]);
  });

  it('of one key is one batch, in JSON and in YAML, and shows to nobody what its commands were given', async () => {
    const items = [
      { action: 'exec', selector: 'app=web', command: 'echo $WORD', env: { WORD: 'hidden-word' } },
      { action: 'create', spec: { name: 'second', environment: {} } },
    ] as const;
    const key = { headers: { 'idempotency-key': 'a-batch' }, body: { items } };

    const first = await send(server.url, routes.runBatch, key);
    const again = await send(server.url, routes.runBatch, key);

    const { id } = JSON.parse(first.text);
    expect(JSON.parse(again.text).id).toBe(id);
    expect(first.text).not.toContain('hidden-word');
    const ended = await client.operations.finish(id);
    expect(ended).toMatchObject({
      state: 'succeeded',
      result: {
        items: [
          {
            ...{ action: 'exec', index: 0, name: 'first', state: 'succeeded', operation_id: null, error: null },
            execution_id: expect.stringMatching(/^exec_/),
            command: { exit_code: 0, signal: null, stdout: 'hidden-word\n', stderr: '', truncated: false },
          },
          { action: 'create', index: 1, name: 'second', vm_id: expect.stringMatching(/^vm_/), state: 'succeeded' },
        ],
      },
    });
    expect((await client.executions.list('first')).items).toHaveLength(1);
    const yaml = await client.batches.run('items:\n- {action: exec, vm: first, argv: [echo, two]}\n');
    expect(await client.operations.finish(yaml.id)).toMatchObject({
      result: { items: [{ command: { stdout: 'two\n' } }] },
    });
  });
});
