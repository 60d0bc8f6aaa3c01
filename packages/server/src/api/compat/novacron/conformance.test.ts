import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askAt, MOMENT, type NovacronServer, startNovacron } from './novacron.test-kit.ts';

let here: NovacronServer;
beforeAll(async () => {
  here = await startNovacron();
});
afterAll(async () => {
  await here?.[Symbol.asyncDispose]();
});

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}
interface List {
  readonly data: readonly Listed[];
  readonly pagination: { readonly total: number; readonly pages: number };
}
type Job = Readonly<Record<'id' | 'status' | 'operation_id' | 'deletion_job_id' | 'update_job_id', string>> & {
  readonly changes_pending: readonly string[];
};

/** The same operation, as `/v1` knows it by whatever it is called. */
async function settled(id: string): Promise<{ readonly kind: string; readonly state: string }> {
  const { kind, state } = await here.client.operations.finish(id);
  return { kind, state };
}

describe('the list of VMs', () => {
  it('shows each in all documented fields, page by page', async () => {
    const id = await here.make('listed');
    const { status, body } = await here.ask<List>('GET', '/vms?page=1&limit=20&search=listed');
    const native = await here.client.vms.get(id);

    expect(status).toBe(200);
    expect(body).toEqual({
      data: [
        {
          ...{
            id,
            name: 'listed',
            status: 'running',
            hypervisor: 'simulated',
            cloud_provider: 'onprem',
            region: 'local',
          },
          resources: { cpu: native.vcpus, memory_gb: 0.25, storage_gb: 1 },
          network: { private_ip: null, public_ip: null, vpc_id: null },
          created_at: `${native.created_at.slice(0, 19)}Z`,
          updated_at: `${native.updated_at.slice(0, 19)}Z`,
        },
      ],
      pagination: { page: 1, limit: 20, total: 1, pages: 1 },
    });
    expect(Object.keys(body.data[0] ?? {})).toEqual(
      'id name status hypervisor cloud_provider region resources network created_at updated_at'.split(' '),
    );
  });

  it('has pages of the asked size, in the order in which VMs were made', async () => {
    for (const name of ['leaf-1', 'leaf-2', 'leaf-3']) await here.make(name);
    const first = (await here.ask<List>('GET', '/vms?search=LEAF-&limit=2')).body;
    const second = (await here.ask<List>('GET', '/vms?search=LEAF-&limit=2&page=2')).body;
    const third = (await here.ask<List>('GET', '/vms?search=LEAF-&limit=2&page=3')).body;

    expect([first, second, third].map(({ data }) => data.map(({ name }) => name))).toEqual([
      ['leaf-1', 'leaf-2'],
      ['leaf-3'],
      [],
    ]);
    expect(second.pagination).toEqual({ page: 2, limit: 2, total: 3, pages: 2 });
  });

  it('is filtered by status, hypervisor, cloud and what is searched', async () => {
    const id = await here.make('filtered');
    await here.client.vms.stop(id);
    await here.client.vms.wait(id, { phase: 'stopped' });
    const names = async (query: string) =>
      (await here.ask<List>('GET', `/vms?search=filtered&${query}`)).body.data.map(({ name }) => name);

    expect(await names('status=stopped')).toEqual(['filtered']);
    expect(await names('status=running')).toEqual([]);
    expect(await names('hypervisor=simulated&cloud=onprem')).toEqual(['filtered']);
    for (const none of ['hypervisor=kvm', 'hypervisor=vmware', 'hypervisor=hyperv', 'hypervisor=xen'])
      expect(await names(none)).toEqual([]);
    for (const none of ['aws', 'azure', 'gcp']) expect(await names(`cloud=${none}`)).toEqual([]);
    expect((await here.ask<List>('GET', `/vms?search=${id.slice(5)}`)).body.data).toMatchObject([{ id }]);
    expect((await here.ask<List>('GET', '/vms?search=filt_red')).body.data).toEqual([]);
  });

  it('is the same below the prefix of the main listener, and in the beta', async () => {
    const own = (await here.ask<List>('GET', '/vms')).body;
    const { token } = here;
    for (const base of [`${here.server.url}/novacron/v1`, here.base.replace(/v1$/, 'v2-beta')])
      expect((await askAt(base, { method: 'GET', path: '/vms', token })).body).toEqual(own);
  });
});

describe('a creation', () => {
  it('is answered as it begins, with the job that makes it and when that will be over', async () => {
    const network = await here.client.networks.create({
      name: 'blue',
      cidr: '10.77.0.0/24',
      subnets: [{ name: 'low', cidr: '10.77.0.0/25' }],
    });
    await here.client.securityGroups.create({ name: 'web', ingress: [] });
    const template = await here.client.templates.get('base');
    const { status, body } = await here.ask<Job & { provisioning_job_id: string; estimated_completion: string }>(
      'POST',
      '/vms',
      {
        name: 'staging-api-02',
        template_id: template.id,
        hypervisor: 'simulated',
        cloud_provider: 'onprem',
        region: 'local',
        resources: { cpu: 2, memory_gb: 0.5, storage_gb: 5 },
        network: { vpc_id: 'vpc_blue', subnet_id: 'subnet_low', security_groups: ['web'] },
        metadata: { environment: 'staging', team: 'backend', cost_center: 'engineering' },
      },
    );

    expect([status, Object.keys(body)]).toEqual([
      201,
      ['id', 'name', 'status', 'provisioning_job_id', 'estimated_completion'],
    ]);
    expect(body).toMatchObject({ name: 'staging-api-02', status: 'provisioning' });
    expect(body.provisioning_job_id).toMatch(/^job_[0-9a-z]{26}$/);
    expect(body.estimated_completion).toMatch(MOMENT);
    expect(await settled(body.provisioning_job_id)).toEqual({ kind: 'vm.create', state: 'succeeded' });
    expect(await here.client.vms.get(body.id)).toMatchObject({
      ...{ vcpus: 2, memory_mib: 512, disk_gib: 5, template: { name: 'base' } },
      network: { mode: 'bridge', name: network.name, subnet: 'low', security_groups: ['web'] },
      metadata: { environment: 'staging', team: 'backend', cost_center: 'engineering' },
    });
    const shown = (await here.ask<Listed & { network: object }>('GET', `/vms/${body.id}`)).body;
    const { ip } = await here.client.vms.get(body.id);
    expect(shown.network).toEqual({
      interfaces: [
        {
          name: 'eth0',
          mac: expect.stringMatching(/^02:56:0a:4d:00/),
          private_ip: ip,
          public_ip: null,
          bandwidth_mbps: null,
        },
      ],
    });
    expect((await here.ask<List>('GET', '/vms?search=staging-api-02')).body.data).toMatchObject([
      { network: { private_ip: ip, vpc_id: 'vpc_blue' } },
    ]);
  });

  it('has no address of the outside, and a link without a speed, whatever its network', async () => {
    const networks = [
      { mode: 'none' },
      { mode: 'user' },
      { mode: 'bridge', egress: 'deny' },
      { mode: 'bridge', egress: 'allow' },
    ] as const;
    const shown = [];
    for (const [i, network] of networks.entries()) {
      await here.client.vms.create({ name: `linked-${i}`, network, start: false });
      const { id } = await here.client.vms.get(`linked-${i}`);
      type Shown = { network: { interfaces: readonly { public_ip: unknown; bandwidth_mbps: unknown }[] } };
      const { body } = await here.ask<Shown>('GET', `/vms/${id}`);
      shown.push(body.network.interfaces.map(({ public_ip, bandwidth_mbps }) => [public_ip, bandwidth_mbps]));
      expect((await here.ask<List>('GET', `/vms?search=linked-${i}`)).body.data).toMatchObject([
        { network: { public_ip: null } },
      ]);
    }

    expect(shown).toEqual([[], [[null, null]], [[null, null]], [[null, null]]]);
  });

  it('is expected to take what the last ones took', async () => {
    for (const name of ['timed-1', 'timed-2']) await here.make(name);
    const { body } = await here.ask<{ estimated_completion: string }>('POST', '/vms', { name: 'timed-3' });

    expect(Date.parse(body.estimated_completion)).toBeLessThan(Date.now() + 60_000);
  });

  it.each([
    ['cpu', { resources: { cpu: 65 } }, [{ field: 'resources.cpu', message: 'CPU count must be between 1 and 64' }]],
    ['memory', { resources: { memory_gb: 0.3 } }, [{ field: 'resources.memory_gb' }]],
    ['template', { template_id: 'tpl_ubuntu2204' }, [{ field: 'template_id' }]],
    ['network', { network: { vpc_id: 'vpc-def456' } }, [{ field: 'network.vpc_id' }]],
    ['subnet', { network: { vpc_id: 'vpc_default', subnet_id: 'none' } }, [{ field: 'network.subnet_id' }]],
    ['group', { network: { security_groups: ['sg-web'] } }, [{ field: 'network.security_groups' }]],
    [
      'hypervisor',
      { hypervisor: 'vmware' },
      [{ field: 'hypervisor', message: 'There is no such hypervisor here; there are: simulated' }],
    ],
    ['kvm', { hypervisor: 'kvm' }, [{ field: 'hypervisor' }]],
    ['cloud', { cloud_provider: 'aws', region: 'us-west-2' }, [{ field: 'cloud_provider' }, { field: 'region' }]],
    ['field', { vcpus: 1 }, [{ field: 'vcpus', message: 'is not known' }]],
  ])('is 400 for another %s than there is, and names the field', async (_what, more, details) => {
    const { status, body } = await here.ask('POST', '/vms', { name: 'never', ...more });

    expect([status, body]).toMatchObject([
      400,
      { error: { code: 'INVALID_REQUEST', message: 'Validation failed', details } },
    ]);
    expect((await here.ask<List>('GET', '/vms?search=never')).body.data).toEqual([]);
  });
});

describe('one VM', () => {
  it('is shown in all documented fields, as /v1 has it', async () => {
    const id = await here.make('detailed', { labels: { 'sim.cpu': '40' } });
    const read = async () => (await here.ask<{ resources: Record<string, number> }>('GET', `/vms/${id}`)).body;
    await expect.poll(async () => (await read()).resources['cpu_usage_percent'], { timeout: 30_000 }).not.toBeNull();
    const body = await read();
    const [host] = (await here.client.hosts.list()).items;
    const { metrics } = await here.client.metrics.get(id, { interval: '1m' });

    expect(body).toEqual({
      ...{ id, name: 'detailed', status: 'running', hypervisor: 'simulated' },
      hypervisor_details: { host: host?.name, version: '1', uuid: expect.stringMatching(/^[0-9a-f]{8}-/) },
      resources: {
        cpu: 1,
        cpu_usage_percent: expect.any(Number),
        memory_gb: 0.25,
        memory_usage_percent: metrics.memory?.usage_percent,
        storage_gb: 1,
        storage_usage_percent: expect.any(Number),
      },
      network: {
        interfaces: [
          {
            name: 'eth0',
            mac: expect.stringMatching(/^52:54:00/),
            private_ip: null,
            public_ip: null,
            bandwidth_mbps: null,
          },
        ],
      },
      monitoring: { metrics_endpoint: `/vms/${id}/metrics`, logs_endpoint: `/vms/${id}/logs`, alerts_active: 0 },
      ...{ metadata: {}, error: null },
    });
  });

  it('is changed while it runs, by a job that says what its machine does not have yet', async () => {
    const id = await here.make('changed');
    const { status, body } = await here.ask<Job>('PUT', `/vms/${id}`, {
      name: 'changed-updated',
      resources: { cpu: 2, memory_gb: 0.5 },
      metadata: { environment: 'production', scaling_enabled: true },
    });

    expect([status, body]).toEqual([
      200,
      {
        ...{ id, status: 'updating', update_job_id: expect.stringMatching(/^job_/) },
        changes_pending: expect.arrayContaining(['cpu', 'memory']),
      },
    ]);
    expect(await settled(body.update_job_id)).toEqual({ kind: 'vm.update', state: 'succeeded' });
    expect(await here.client.vms.get(id)).toMatchObject({
      ...{ name: 'changed-updated', vcpus: 2, memory_mib: 512 },
      metadata: { environment: 'production', scaling_enabled: true },
    });
  });

  it('is changed at once where its machine need not know, by a job that is over already', async () => {
    const id = await here.make('noted');
    const { body } = await here.ask<Job>('PUT', `/vms/${id}`, { metadata: { team: 'a' } });

    expect(body).toMatchObject({ status: 'running', changes_pending: [] });
    expect(await settled(body.update_job_id)).toEqual({ kind: 'vm.update', state: 'succeeded' });
    expect(await here.client.vms.get(id)).toMatchObject({ metadata: { team: 'a' } });
  });

  it('is deleted by a job, by force alone while it runs', async () => {
    const id = await here.make('doomed');
    const refused = await here.ask('DELETE', `/vms/${id}`);
    const { status, body } = await here.ask<Job>('DELETE', `/vms/${id}?force=true`);

    expect(refused).toMatchObject({ status: 409, body: { error: { code: 'CONFLICT' } } });
    expect([status, body]).toEqual([
      202,
      {
        ...{ id, status: 'deleting', deletion_job_id: expect.stringMatching(/^job_/) },
        estimated_completion: expect.stringMatching(MOMENT),
      },
    ]);
    expect(await settled(body.deletion_job_id)).toEqual({ kind: 'vm.delete', state: 'succeeded' });
    expect((await here.ask('GET', `/vms/${id}`)).status).toBe(404);
  });

  it('leaves its disk behind as a volume where that is to be preserved', async () => {
    const id = await here.make('keeper');
    const { body } = await here.ask<Job>('DELETE', `/vms/${id}?force=true&preserve_volumes=true`);
    await settled(body.deletion_job_id);

    expect((await here.client.volumes.list()).items.map(({ name }) => name)).toEqual([
      expect.stringContaining('keeper'),
    ]);
  });
});

describe('a power operation', () => {
  it('stops, starts and restarts, and tells the operation of /v1', async () => {
    const id = await here.make('powered');
    const stop = await here.ask<Job>('POST', `/vms/${id}/stop`, { graceful: true, timeout_seconds: 60 });
    expect(stop).toMatchObject({ status: 200, body: { id, status: 'stopping' } });
    expect(await settled(stop.body.operation_id)).toEqual({ kind: 'vm.stop', state: 'succeeded' });
    expect(await here.ask('POST', `/vms/${id}/stop`)).toMatchObject({
      status: 409,
      body: { error: { code: 'CONFLICT' } },
    });

    const start = await here.ask<Job>('POST', `/vms/${id}/start`);
    expect(start).toMatchObject({ status: 200, body: { id, status: 'starting' } });
    expect(await settled(start.body.operation_id)).toEqual({ kind: 'vm.start', state: 'succeeded' });
    expect(await here.ask('POST', `/vms/${id}/start`)).toMatchObject({
      status: 409,
      body: { error: { code: 'CONFLICT' } },
    });

    const restart = await here.ask<Job>('POST', `/vms/${id}/restart`);
    expect(restart).toMatchObject({ status: 200, body: { id, status: 'restarting' } });
    expect(await settled(restart.body.operation_id)).toEqual({ kind: 'vm.restart', state: 'succeeded' });
    expect(await here.client.vms.get(id)).toMatchObject({ phase: 'running', incarnation: 3 });
  });

  it('migrates nowhere where there is one host alone', async () => {
    const id = await here.make('settler');
    const [host] = (await here.client.hosts.list()).items;
    const migrate = async (target_host: unknown) =>
      await here.ask('POST', `/vms/${id}/migrate`, {
        ...{ target_host, live_migration: true, preserve_state: true, bandwidth_limit_mbps: 100 },
      });

    expect(await migrate('hv-node-05.datacenter.local')).toMatchObject({
      status: 409,
      body: { error: { code: 'CONFLICT' } },
    });
    expect(await migrate(host?.name)).toMatchObject({
      status: 400,
      body: { error: { details: [{ field: 'target_host' }] } },
    });
    expect((await here.client.vms.get(id)).phase).toBe('running');
  });
});
