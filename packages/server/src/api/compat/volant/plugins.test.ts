import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY } from '../../testing/run-server.ts';
import { fault, MOMENT, runVolant, type Volant } from './volant.test-kit.ts';

let volant: Volant;
let client: VolaryClient;
beforeAll(async () => {
  volant = await runVolant();
  client = createClient({ baseUrl: volant.server.url, apiKey: ADMIN_KEY });
});
afterAll(async () => {
  await volant?.server[Symbol.asyncDispose]();
});

/** As the document has it, but for what its `rootfs` leads to. */
const MANIFEST = {
  name: 'my-app',
  version: '1.0.0',
  description: 'My custom application',
  workload: { type: 'http', port: 8080 },
  resources: { vcpu: 2, memory_mb: 512 },
};
const PLUGIN = {
  ...MANIFEST,
  installed_at: expect.stringMatching(MOMENT),
  enabled: true,
};
const FIELDS = ['name', 'version', 'description', 'workload', 'resources', 'installed_at', 'enabled'];

describe('a plugin', () => {
  it('is installed from its manifest, and shown as that says', async () => {
    const { status, body } = await volant.ask<object>('POST', '/plugins', MANIFEST);

    expect(status).toBe(201);
    expect(Object.keys(body)).toEqual(FIELDS);
    expect(body).toEqual(PLUGIN);
    expect(await volant.ask('GET', '/plugins/my-app')).toMatchObject({ status: 200, body });
    expect(await client.templates.get('my-app')).toMatchObject({
      owner: 'api',
      vcpus: 2,
      memory_mib: 512,
      workload: { type: 'http', port: 8080 },
    });
  });

  it('is taken with the disk that its manifest leads to, if that is what it says', async () => {
    const folder = join(volant.server.dataDir, 'imports');
    const disk = Buffer.from('the disk of an application'.padEnd(4096, '.'));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'app.qcow2'), disk);
    const checksum = `sha256:${createHash('sha256').update(disk).digest('hex')}`;
    const rootfs = { format: 'raw', url: join(folder, 'app.qcow2'), checksum };
    const headers = { 'content-type': 'application/json', 'x-api-key': ADMIN_KEY };
    const install = async (manifest: object) =>
      await fetch(`${volant.base}/plugins`, { method: 'POST', headers, body: JSON.stringify(manifest) });

    const other = { ...rootfs, checksum: `sha256:${'0'.repeat(64)}` };
    const refused = await install({ ...MANIFEST, name: 'other', rootfs: other });
    expect([refused.status, JSON.parse(await refused.text())]).toEqual([
      400,
      expect.objectContaining({ code: 'checksum_mismatch' }),
    ]);
    expect(await volant.ask('GET', '/plugins/other')).toEqual(fault(404, 'plugin_not_found', { name: 'other' }));

    const installed = await install({ ...MANIFEST, name: 'with-disk', rootfs });
    expect([installed.status, JSON.parse(await installed.text())]).toEqual([201, { ...PLUGIN, name: 'with-disk' }]);
  });

  it('is disabled and enabled; from one that is disabled no VM is made', async () => {
    const post = async (enabled: boolean) => await volant.ask('POST', '/plugins/my-app/enabled', { enabled });

    expect(await post(false)).toMatchObject({ status: 200, body: { ...PLUGIN, enabled: false } });
    expect(await volant.ask('POST', '/vms', { name: 'a', plugin: 'my-app' })).toEqual(fault(409, 'plugin_disabled'));
    expect(await volant.ask('POST', '/deployments', { name: 'a', plugin: 'my-app', replicas: 1 })).toEqual(
      fault(409, 'plugin_disabled'),
    );
    expect(await post(true)).toMatchObject({ status: 200, body: PLUGIN });
    expect((await volant.ask('POST', '/vms', { name: 'a', plugin: 'my-app' })).status).toBe(201);
  });

  it('stays as long as a VM is there that was made from it', async () => {
    expect(await volant.ask('DELETE', '/plugins/my-app')).toEqual(fault(409, 'plugin_in_use'));

    await volant.ask('DELETE', '/vms/a?force=true');

    expect(await volant.ask('DELETE', '/plugins/my-app')).toMatchObject({ status: 204, body: null });
    expect(await volant.ask('GET', '/plugins/my-app')).toEqual(fault(404, 'plugin_not_found', { name: 'my-app' }));
  });
});

describe('the list of plugins', () => {
  it('has their names, and is had in parts', async () => {
    await volant.ask('POST', '/plugins', { ...MANIFEST, name: 'zebra' });
    const { body, total } = await volant.ask<{ readonly plugins: readonly string[] }>('GET', '/plugins');
    const { items } = await client.templates.list({ limit: 200 });

    expect(Object.keys(body)).toEqual(['plugins']);
    expect(body.plugins).toEqual(items.map(({ name }) => name));
    expect(body.plugins).toContain('zebra');
    expect(total).toBe(String(items.length));
    expect((await volant.ask('GET', '/plugins?limit=1&offset=1')).body).toEqual({ plugins: [items[1]?.name] });
  });
});

describe('an error about plugins', () => {
  it('is 400 for a manifest as the document prints it, by the path of its checksum', async () => {
    const rootfs = {
      format: 'qcow2',
      url: 'https://plugins.example.com/my-app-1.0.0.qcow2',
      checksum: 'sha256:abc123...',
    };

    expect(await volant.ask('POST', '/plugins', { ...MANIFEST, rootfs })).toEqual(
      fault(400, 'invalid_request', { errors: [expect.objectContaining({ field: 'rootfs.checksum' })] }),
    );
  });

  it.each([
    ['nothing', {}, 'name'],
    ['a port that cannot be', { ...MANIFEST, workload: { type: 'http', port: 70_000 } }, 'workload.port'],
    ['a field that nobody knows', { ...MANIFEST, wasm: true }, 'wasm'],
    [
      'a device of the host',
      { ...MANIFEST, devices: { pci_passthrough: ['0000:00:1f.2'] } },
      'devices.pci_passthrough',
    ],
    ['a bridge of its own', { ...MANIFEST, network: { mode: 'bridged', bridge_name: 'br0' } }, 'network.bridge_name'],
  ])('is 400 for a manifest with %s, by its path', async (_what, manifest, field) => {
    const { status, body } = await volant.ask('POST', '/plugins', manifest);

    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect(body.details['errors']).toEqual(expect.arrayContaining([expect.objectContaining({ field })]));
  });

  it('is 409 for one that is installed, or came with the server', async () => {
    expect(await volant.ask('POST', '/plugins', { ...MANIFEST, name: 'zebra' })).toEqual(fault(409, 'plugin_exists'));
    expect(await volant.ask('POST', '/plugins', { ...MANIFEST, name: 'nodejs' })).toEqual(fault(409, 'plugin_exists'));
    expect(await volant.ask('DELETE', '/plugins/nodejs')).toEqual(fault(409, 'plugin_built_in'));
  });

  it('is 404 for one that is not there', async () => {
    const unknown = fault(404, 'plugin_not_found', { name: 'nothing' });

    expect(await volant.ask('GET', '/plugins/nothing')).toEqual(unknown);
    expect(await volant.ask('DELETE', '/plugins/nothing')).toEqual(unknown);
    expect(await volant.ask('POST', '/plugins/nothing/enabled', { enabled: true })).toEqual(unknown);
    expect(await volant.ask('POST', '/plugins/zebra/enabled', { enabled: 'no' })).toEqual(
      fault(400, 'invalid_request'),
    );
  });
});
