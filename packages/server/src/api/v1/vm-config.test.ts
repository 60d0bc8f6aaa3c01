import { routes } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { send } from '../testing/send.ts';

let server: RunningServer;
let client: VolaryClient;

beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  await client.operations.finish((await client.vms.create({ name: 'bird', vcpus: 2 })).id);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

async function ask(...asked: Parameters<typeof send>) {
  const { status, text } = await send(...asked);
  const json: unknown = JSON.parse(text);
  return { status, json };
}

const patch = (body: unknown, headers: Record<string, string> = {}) =>
  ask(server.url, routes.updateVmConfig, { params: { ref: 'bird' }, body, headers });

describe('the settings of a VM', () => {
  it('are changed by a merge patch, and tell what takes a restart', async () => {
    const answer = await patch({ vcpus: 1, labels: { team: 'blue' } });

    expect(answer).toMatchObject({ status: 200 });
    const state = await client.vms.config('bird');
    expect(answer.json).toEqual(state);
    expect(state).toMatchObject({
      ...{ revision: 2, restart_required: true, operation_id: null, pending_changes: { vcpus: { old: 2, new: 1 } } },
      config: { vcpus: 1, labels: { team: 'blue' } },
    });
    expect(await client.vms.get('bird')).toMatchObject({ vcpus: 1, restart_required: true });
  });

  it('have a history, a page at a time, and each revision its settings', async () => {
    await client.vms.update('bird', { auto_wake: false });

    const newest = await client.vms.configHistory('bird', { limit: 1 });
    const rest = await client.vms.configHistory('bird', { cursor: newest.next_cursor ?? '' });

    expect(newest.items).toMatchObject([{ number: 3, changes: { auto_wake: { old: true, new: false } } }]);
    expect(rest).toMatchObject({
      items: [
        { number: 2, author: 'admin', changes: { vcpus: { old: 2, new: 1 }, 'labels.team': { new: 'blue' } } },
        { number: 1, author: 'admin', changes: { created: true }, request_id: expect.stringMatching(/^req_/) },
      ],
      next_cursor: null,
    });
    const second = await client.vms.configRevision('bird', 2);
    expect(second.config).toMatchObject({ vcpus: 1, auto_wake: true });
  });

  it('go back, and have what they bring about waited for', async () => {
    const state = await client.vms.rollBack('bird', 1, { apply: 'restart' });
    expect(state).toMatchObject({ revision: 4, config: { vcpus: 2, auto_wake: true }, restart_required: false });

    const done = await ask(server.url, routes.updateVm, {
      ...{ params: { ref: 'bird' }, body: { vcpus: 1 }, query: { apply: 'restart' } },
      headers: { prefer: 'wait=20' },
    });

    expect(done).toMatchObject({ status: 200, json: { phase: 'running', incarnation: 2, restart_required: false } });
    const { items } = await client.vms.configHistory('bird', { limit: 2 });
    expect(items.map(({ rolled_back_to }) => rolled_back_to)).toEqual([null, 1]);
  });

  it('are changed only if the VM is as it was seen, where that is asked for', async () => {
    const vm = await client.vms.get('bird');
    await client.vms.update('bird', { labels: { team: 'red' } });

    const late = await patch({ vcpus: 2 }, { 'if-match': `"${vm.id}.${vm.revision}"` });

    expect(late).toMatchObject({ status: 412, json: { reason: 'vm.changed' } });
    await expect(client.vms.rollBack('bird', 1, { ifUnchangedSince: vm })).rejects.toMatchObject({ status: 412 });
  });

  it.each([
    [{ vcpus: 0 }, 'vcpus'],
    [{ image: 'other' }, 'image'],
    [{ labels: { team: 1 } }, 'labels.team'],
    [{ network: { mode: 'bridged' } }, 'network.mode'],
  ])('are not changed to %j', async (body, field) => {
    const answer = await patch(body);

    expect(answer).toMatchObject({ status: 400, json: { reason: 'request.invalid' } });
    expect(JSON.stringify(answer.json)).toContain(`"${field}"`);
  });
});
