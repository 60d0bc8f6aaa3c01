import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY } from '../../testing/run-server.ts';
import { fault, MOMENT, runVolant, type Volant } from './volant.test-kit.ts';

let volant: Volant;
let client: VolaryClient;
beforeAll(async () => {
  volant = await runVolant();
  client = createClient({ baseUrl: volant.server.url, apiKey: ADMIN_KEY });
  const manifest = { name: 'nginx-alpine', version: '1.0.0', resources: { vcpu: 2, memory_mb: 512 } };
  expect((await volant.ask('POST', '/plugins', manifest)).status).toBe(201);
});
afterAll(async () => {
  await volant?.server[Symbol.asyncDispose]();
});

const CREATED = ['name', 'status', 'plugin', 'ip', 'created_at'];
const LISTED = ['name', 'status', 'plugin', 'ip', 'pid', 'created_at', 'resources'];

interface Shown {
  readonly name: string;
  readonly status: string;
  readonly ip: string | null;
  readonly health: { readonly status: string; readonly last_check: string | null };
}

async function create(name: string, more: Readonly<Record<string, unknown>> = {}): Promise<Shown> {
  const { status, body } = await volant.ask<Shown>('POST', '/vms', { name, plugin: 'nginx-alpine', ...more });
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
}

const isRunning = ({ status }: Shown): boolean => status === 'running';
const running = async (name: string): Promise<Shown> => await volant.until<Shown>(`/vms/${name}`, isRunning);

describe('a VM of Volant', () => {
  it('is answered as it is being started, in its documented fields', async () => {
    const config = {
      resources: { vcpu: 4, memory_mb: 1024 },
      cloud_init: { user_data: '#cloud-config\npackages:\n  - curl' },
    };
    const made = await create('my-vm', { config });
    const native = await client.vms.get('my-vm');

    expect(Object.keys(made)).toEqual(CREATED);
    expect(made).toEqual({
      name: 'my-vm',
      status: 'starting',
      plugin: 'nginx-alpine',
      ip: native.ip,
      created_at: `${native.created_at.slice(0, 19)}Z`,
    });
    expect(native).toMatchObject({
      owner: 'api',
      vcpus: 4,
      memory_mib: 1024,
      template: { name: 'nginx-alpine', version: '1.0.0' },
      cloud_init: { user_data: config.cloud_init.user_data },
    });
  });

  it('has its address before it is answered, where the host has networks, and none elsewhere', async () => {
    const { why_no_bridges: whyNot } = await client.capabilities();
    const { ip } = await create('placed');
    const { network } = await client.vms.get('placed');

    expect(network.mode).toBe(whyNot === null ? 'bridge' : 'user');
    if (whyNot === null) expect(ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    else expect(ip).toBeNull();
  });

  it('is shown with what it has, and how it is', async () => {
    await create('shown');
    const shown = await volant.until<Shown>(
      '/vms/shown',
      ({ health, status }) => status === 'running' && health.status === 'healthy',
    );
    const native = await client.vms.get('shown');

    expect(Object.keys(shown)).toEqual([...LISTED, 'health']);
    expect(shown).toEqual({
      name: 'shown',
      status: 'running',
      plugin: 'nginx-alpine',
      ip: native.ip,
      pid: native.pid,
      created_at: `${native.created_at.slice(0, 19)}Z`,
      resources: { vcpu: 2, memory_mb: 512 },
      health: { status: 'healthy', last_check: expect.stringMatching(MOMENT) },
    });
  });

  it('is stopped when that is answered, keeps what it is, and is started and restarted', async () => {
    await create('power');
    await running('power');
    const shown = (status: string) => ({ status: 200, body: { name: 'power', status, plugin: 'nginx-alpine' } });

    expect(await volant.ask('POST', '/vms/power/stop')).toMatchObject(shown('stopped'));
    expect(await client.vms.get('power')).toMatchObject({ phase: 'stopped' });
    expect(await volant.ask('POST', '/vms/power/stop')).toEqual(fault(409, 'vm_already_stopped'));

    expect(await volant.ask('POST', '/vms/power/start')).toMatchObject(shown('starting'));
    await running('power');
    expect(await volant.ask('POST', '/vms/power/start')).toEqual(fault(409, 'vm_already_running'));

    const before = await client.vms.get('power');
    expect(await volant.ask('POST', '/vms/power/restart')).toMatchObject(shown('restarting'));
    await client.vms.wait('power', { phase: 'running', incarnation: before.incarnation + 1 });

    expect(await volant.ask('POST', '/vms/power/stop?force=true')).toMatchObject(shown('stopped'));
    expect(await volant.ask('POST', '/vms/power/restart')).toMatchObject(shown('restarting'));
    await running('power');
  });

  it('is stopped here while it is paused or suspended, and goes on by being started', async () => {
    await create('sleeper');
    await running('sleeper');
    for (const [sleep, phase] of [
      ['pause', 'paused'],
      ['suspend', 'suspended'],
    ] as const) {
      await client.vms[sleep]('sleeper');
      await client.vms.wait('sleeper', { phase });
      expect(await volant.ask('GET', '/vms/sleeper')).toMatchObject({ body: { status: 'stopped' } });
      expect(await volant.ask('POST', '/vms/sleeper/start')).toMatchObject({
        status: 200,
        body: { status: 'starting' },
      });
      await running('sleeper');
    }
    expect(await client.vms.get('sleeper')).toMatchObject({ incarnation: 1 });
  });

  it('is gone when its deletion is answered, and its guest was asked to shut down, unless it is forced', async () => {
    for (const [name, query, hasAsked] of [
      ['asked', '', true],
      ['forced', '?force=true', false],
    ] as const) {
      await create(name);
      await running(name);
      const { id } = await client.vms.get(name);

      expect(await volant.ask('DELETE', `/vms/${name}${query}`)).toEqual({
        status: 204,
        type: null,
        total: null,
        body: null,
      });
      expect(await volant.ask('GET', `/vms/${name}`)).toEqual(fault(404, 'vm_not_found', { name }));
      const { items } = await client.operations.list({ vm: id, kind: 'vm.delete' });
      expect(items[0]?.steps.some((step) => step.name === 'shut-down-guest')).toBe(hasAsked);
    }
  });

  it('is an ordinary VM elsewhere, and one of elsewhere is shown here', async () => {
    await client.vms.create({ name: 'native' });
    await client.vms.wait('native', { phase: 'running' });

    expect(await volant.ask('GET', '/vms/native')).toMatchObject({ body: { status: 'running', plugin: null } });
  });

  it('has the OpenAPI document of its workload', async () => {
    const openapi = {
      openapi: '3.0.3',
      info: { title: 'nginx-alpine API', version: '1.0.0' },
      paths: { '/': { get: { summary: 'Serve static content' } } },
    };
    const workload = { type: 'http', port: 80 };
    await volant.ask('POST', '/plugins', { name: 'described', version: '1.0.0', workload, openapi });
    await create('describes', { plugin: 'described' });

    expect(await volant.ask('GET', '/vms/describes/openapi')).toMatchObject({ status: 200, body: openapi });
    expect(await volant.ask('GET', '/vms/my-vm/openapi')).toEqual(fault(404, 'openapi_not_found'));
    expect(await volant.ask('GET', '/vms/nobody/openapi')).toEqual(fault(404, 'vm_not_found', { name: 'nobody' }));
  });
});

describe('the list of VMs', () => {
  it('is an array of those that there are, with their documented fields', async () => {
    await create('web-1');
    const { status, body, total } = await volant.ask<readonly Shown[]>('GET', '/vms');
    const { items } = await client.vms.list({ limit: 200 });

    expect(status).toBe(200);
    expect(total).toBe(String(items.length));
    expect(body.map(({ name }) => name)).toEqual(items.map(({ name }) => name));
    for (const vm of body) expect(Object.keys(vm)).toEqual(LISTED);
    expect(body.find(({ name }) => name === 'web-1')).toMatchObject({
      plugin: 'nginx-alpine',
      resources: { vcpu: 2, memory_mb: 512 },
    });
  });

  it('is narrowed by plugin and by status, and is had in parts', async () => {
    const names = async (query: string): Promise<readonly string[]> =>
      (await volant.ask<readonly Shown[]>('GET', `/vms?${query}`)).body.map(({ name }) => name);
    await create('halted');
    await running('halted');
    await volant.ask('POST', '/vms/halted/stop?force=true');
    await create('ticking', { plugin: 'described' });
    await running('ticking');

    expect(await names('plugin=described')).toEqual(['describes', 'ticking']);
    expect(await names('plugin=nothing')).toEqual([]);
    expect(await names('status=stopped')).toEqual(['halted']);
    expect(await names('status=running&plugin=described')).toContain('ticking');
    expect(await names('status=stopped&status=running')).toEqual(expect.arrayContaining(['halted', 'ticking']));
    const all = await names('');
    expect(await names('limit=2&offset=1')).toEqual(all.slice(1, 3));
    expect((await volant.ask('GET', '/vms?limit=2&offset=1')).total).toBe(String(all.length));
    expect(await names(`offset=${all.length}`)).toEqual([]);
    for (const query of ['status=flying', 'limit=0', 'limit=x', 'offset=-1', 'page=2'])
      expect(await volant.ask('GET', `/vms?${query}`)).toEqual(fault(400, 'invalid_request'));
  });
});

describe('how a VM is set', () => {
  it('is shown with its resources, its network and cloud-init', async () => {
    await create('set');
    const { network } = await client.vms.get('set');
    const { body } = await volant.ask<{ readonly network: { readonly bridge_name: string | null } }>(
      'GET',
      '/vms/set/config',
    );

    expect(body).toEqual({
      resources: { vcpu: 2, memory_mb: 512 },
      network: { mode: network.mode, bridge_name: body.network.bridge_name },
      cloud_init: { enabled: false },
    });
    if (network.mode === 'bridge') expect(body.network.bridge_name).toMatch(/^vb[0-9a-f]{12}$/);
    else expect(body.network.bridge_name).toBeNull();
    expect((await volant.ask('GET', '/vms/my-vm/config')).body).toMatchObject({ cloud_init: { enabled: true } });
  });

  it('is changed from its next start on, and never before', async () => {
    await create('changing');
    await running('changing');
    const patch = async (resources: object) => await volant.ask('PATCH', '/vms/changing/config', { resources });

    expect(await patch({ vcpu: 4 })).toMatchObject({
      status: 200,
      body: { resources: { vcpu: 4, memory_mb: 512 }, restart_required: true },
    });
    expect(await client.vms.get('changing')).toMatchObject({
      phase: 'running',
      restart_required: true,
      pending_changes: { vcpus: { old: 2, new: 4 } },
    });

    await volant.ask('POST', '/vms/changing/stop');
    expect(await patch({ memory_mb: 1024 })).toMatchObject({
      body: { resources: { vcpu: 4, memory_mb: 1024 }, restart_required: false },
    });
    expect(await client.vms.get('changing')).toMatchObject({ vcpus: 4, memory_mib: 1024 });
  });

  it('has a history, newest first, with who did it', async () => {
    interface Change {
      readonly timestamp: string;
      readonly changes: unknown;
      readonly author: string;
    }
    await client.vms.update('changing', { labels: { team: 'blue' } });
    const { body, total } = await volant.ask<readonly Change[]>('GET', '/vms/changing/config/history');

    expect(body.map(({ changes, author }) => ({ changes, author }))).toEqual([
      { changes: { 'labels.team': { new: 'blue' } }, author: 'admin' },
      { changes: { 'resources.memory_mb': { old: 512, new: 1024 } }, author: 'api' },
      { changes: { 'resources.vcpu': { old: 2, new: 4 } }, author: 'api' },
      { changes: { created: true }, author: 'api' },
    ]);
    for (const { timestamp } of body) expect(timestamp).toMatch(MOMENT);
    expect(total).toBe('4');
    expect((await volant.ask<readonly Change[]>('GET', '/vms/changing/config/history?limit=1&offset=3')).body).toEqual([
      body[3],
    ]);
  });
});

describe('an error about VMs', () => {
  it('is 404 for a VM that is not there, by whatever it is asked for', async () => {
    for (const [method, path, body] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/start'],
      ['POST', '/stop'],
      ['POST', '/restart'],
      ['GET', '/config'],
      ['PATCH', '/config', { resources: {} }],
      ['GET', '/config/history'],
      ['GET', '/openapi'],
    ] as const)
      expect(await volant.ask(method, `/vms/nonexistent-vm${path}`, body)).toEqual({
        ...fault(404, 'vm_not_found', { name: 'nonexistent-vm' }),
        body: { error: 'VM not found', code: 'vm_not_found', details: { name: 'nonexistent-vm' } },
      });
    expect(await volant.ask('GET', '/vms/No_Name')).toEqual(fault(404, 'vm_not_found'));
  });

  it('is 400 for a name that cannot be, and for what is not known', async () => {
    const post = async (body: unknown) => await volant.ask('POST', '/vms', body);
    const plugin = 'nginx-alpine';

    for (const name of ['My-VM', '-a', 'a'.repeat(64), 'a.b'])
      expect(await post({ name, plugin })).toEqual(fault(400, 'invalid_name'));
    for (const body of [
      {},
      { name: 'a' },
      { name: 'a', plugin, replicas: 1 },
      { name: 'a', plugin, config: { resources: { vcpu: 0 } } },
      { name: 'a', plugin, config: { resources: { vcpu: 65 } } },
      { name: 'a', plugin, config: { resources: { vcpu: '2' } } },
      { name: 'a', plugin, config: { gpu: true } },
    ])
      expect(await post(body)).toEqual(fault(400, 'invalid_request'));
    expect(await post('{"name":')).toEqual(fault(400, 'request_malformed_json'));
    expect(await volant.ask('PATCH', '/vms/my-vm/config', { resources: { cpu: 1 } })).toEqual(
      fault(400, 'invalid_request'),
    );
    expect(await volant.ask('POST', '/vms/my-vm/stop?force=perhaps')).toEqual(fault(400, 'invalid_request'));
  });

  it('is 409 for a name that is taken, and 404 for a plugin that is not there', async () => {
    expect(await volant.ask('POST', '/vms', { name: 'my-vm', plugin: 'nginx-alpine' })).toEqual(
      fault(409, 'vm_exists'),
    );
    expect(await volant.ask('POST', '/vms', { name: 'a', plugin: 'nothing' })).toEqual(
      fault(404, 'plugin_not_found', { name: 'nothing' }),
    );
  });

  it('has its shape also where nothing of the dialect was reached', async () => {
    expect(await volant.ask('PUT', '/vms')).toEqual(fault(405, 'route_method_not_allowed'));
    expect(await volant.ask('GET', '/nothing')).toEqual(fault(404, 'route_unknown'));
    expect(await volant.ask('GET', '/%zz')).toEqual(fault(400, 'request_malformed'));
  });
});
