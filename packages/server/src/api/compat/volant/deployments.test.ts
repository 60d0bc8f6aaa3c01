import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY } from '../../testing/run-server.ts';
import { fault, MOMENT, runVolant, type Volant } from './volant.test-kit.ts';

let volant: Volant;
let client: VolaryClient;
beforeAll(async () => {
  volant = await runVolant();
  client = createClient({ baseUrl: volant.server.url, apiKey: ADMIN_KEY });
  expect((await volant.ask('POST', '/plugins', { name: 'user-api', version: '1.0.0' })).status).toBe(201);
});
afterAll(async () => {
  await volant?.server[Symbol.asyncDispose]();
});

interface Shown {
  readonly name: string;
  readonly plugin: string | null;
  readonly replicas: number;
  readonly ready_replicas: number;
  readonly vms: readonly string[];
  readonly scaling: boolean;
  readonly status: { readonly phase: string; readonly conditions: readonly { readonly last_update: string }[] };
}
const LISTED = ['name', 'plugin', 'replicas', 'ready_replicas', 'vms', 'created_at'];

const isRunning = ({ status, replicas, vms }: Shown): boolean => status.phase === 'running' && vms.length === replicas;
const running = async (name: string): Promise<Shown> => await volant.until<Shown>(`/deployments/${name}`, isRunning);

describe('a deployment of Volant', () => {
  it('is answered before its VMs are made, in its documented fields', async () => {
    const { status, body } = await volant.ask<Shown>('POST', '/deployments', {
      name: 'api',
      plugin: 'user-api',
      replicas: 3,
    });
    const native = await client.deployments.get('api');

    expect(status).toBe(201);
    expect(Object.keys(body)).toEqual(LISTED);
    expect(body).toEqual({
      ...{ name: 'api', plugin: 'user-api', replicas: 3, ready_replicas: 0, vms: [] },
      created_at: `${native.created_at.slice(0, 19)}Z`,
    });
  });

  it('comes to run, with its VMs by their numbers and its conditions as they were seen', async () => {
    const shown = await running('api');
    const native = await client.deployments.get('api');

    expect(Object.keys(shown)).toEqual([...LISTED, 'status']);
    expect(shown).toMatchObject({ replicas: 3, ready_replicas: 3, vms: ['api-1', 'api-2', 'api-3'] });
    const available = native.conditions.find(({ type }) => type === 'available');
    expect(shown.status.conditions[0]).toMatchObject({
      type: 'available',
      status: 'true',
      last_update: `${available?.since.slice(0, 19)}Z`,
    });
    expect(Object.keys(shown.status.conditions[0] ?? {}).slice(0, 3)).toEqual(['type', 'status', 'last_update']);
    expect((await volant.ask('GET', '/vms/api-2')).body).toMatchObject({ plugin: 'user-api' });
  });

  it('has more VMs when it is told so, and fewer, of which the highest numbers go', async () => {
    const { status, body } = await volant.ask<Shown>('PATCH', '/deployments/api', { replicas: 5 });

    expect(status).toBe(200);
    expect(body).toEqual({
      ...{ name: 'api', plugin: 'user-api', replicas: 5, ready_replicas: 3 },
      vms: ['api-1', 'api-2', 'api-3'],
      scaling: true,
    });
    expect((await running('api')).vms).toEqual(['api-1', 'api-2', 'api-3', 'api-4', 'api-5']);

    expect(await volant.ask('PATCH', '/deployments/api', { replicas: 2 })).toMatchObject({ body: { scaling: true } });
    expect((await running('api')).vms).toEqual(['api-1', 'api-2']);
    expect(await volant.ask('PATCH', '/deployments/api', { replicas: 2 })).toMatchObject({ body: { scaling: false } });
  });

  it('makes a VM anew that was deleted', async () => {
    const { id } = await client.vms.get('api-1');
    expect((await volant.ask('DELETE', '/vms/api-1?force=true')).status).toBe(204);

    await expect
      .poll(
        async () => (await client.vms.list({ limit: 200 })).items.some((vm) => vm.name === 'api-1' && vm.id !== id),
        { timeout: 20_000 },
      )
      .toBe(true);
    await running('api');
  });

  it('is gone with all its VMs when its deletion is answered', async () => {
    expect(await volant.ask('DELETE', '/deployments/api')).toMatchObject({ status: 204, body: null });
    expect(await volant.ask('GET', '/deployments/api')).toEqual(fault(404, 'deployment_not_found', { name: 'api' }));
    expect((await client.vms.list({ limit: 200 })).items).toEqual([]);
  });
});

describe('the list of deployments', () => {
  it('is an array of those that there are, and is had in parts', async () => {
    for (const name of ['one', 'two'])
      await volant.ask('POST', '/deployments', { name, plugin: 'user-api', replicas: 1 });
    await running('two');
    const { body, total } = await volant.ask<readonly Shown[]>('GET', '/deployments');

    expect(body.map(({ name }) => name)).toEqual(['one', 'two']);
    expect(body[1]).toEqual({
      ...{ name: 'two', plugin: 'user-api', replicas: 1, ready_replicas: 1, vms: ['two-1'] },
      created_at: expect.stringMatching(MOMENT),
    });
    expect(total).toBe('2');
    expect((await volant.ask<readonly Shown[]>('GET', '/deployments?limit=1&offset=1')).body).toEqual([body[1]]);
  });
});

describe('an error about deployments', () => {
  it('is 404 for one that is not there, or a plugin that is not', async () => {
    const unknown = fault(404, 'deployment_not_found', { name: 'nothing' });

    expect(await volant.ask('GET', '/deployments/nothing')).toEqual(unknown);
    expect(await volant.ask('PATCH', '/deployments/nothing', { replicas: 1 })).toEqual(unknown);
    expect(await volant.ask('DELETE', '/deployments/nothing')).toEqual(unknown);
    expect(await volant.ask('POST', '/deployments', { name: 'a', plugin: 'none', replicas: 1 })).toEqual(
      fault(404, 'plugin_not_found', { name: 'none' }),
    );
  });

  it('is 409 for one that is there, and for VMs that have its names', async () => {
    await volant.ask('POST', '/vms', { name: 'third-2', plugin: 'user-api' });
    const post = async (name: string) =>
      await volant.ask('POST', '/deployments', { name, plugin: 'user-api', replicas: 2 });

    expect(await post('one')).toEqual(fault(409, 'deployment_exists'));
    expect(await post('third')).toEqual(fault(409, 'vm_exists'));
  });

  it('is 400 for a number or a name that cannot be', async () => {
    for (const replicas of [-1, 5_001]) {
      expect(await volant.ask('PATCH', '/deployments/one', { replicas })).toEqual(fault(400, 'invalid_replicas'));
      expect(await volant.ask('POST', '/deployments', { name: 'a', plugin: 'user-api', replicas })).toEqual(
        fault(400, 'invalid_replicas'),
      );
    }
    for (const body of [{}, { replicas: 1.5 }, { replicas: '2' }, { replicas: 2, name: 'b' }])
      expect(await volant.ask('PATCH', '/deployments/one', body)).toEqual(fault(400, 'invalid_request'));
    expect(await volant.ask('POST', '/deployments', { name: 'No', plugin: 'user-api' })).toEqual(
      fault(400, 'invalid_name'),
    );
  });
});
