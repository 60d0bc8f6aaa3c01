import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, runToEnd, VOLARY } from './installation.ts';

/* NovaCron as its document has it: real machines. */

const ROOT = dirname(VOLARY);
const PASSWORD = 'four quiet herons';
let here: Installation;
let client: VolaryClient;
let base: string;

beforeAll(async () => {
  here = createInstallation('qemu', { VOLARY_LISTEN: '127.0.0.1:0,novacron=127.0.0.1:0' });
  await here.must(['up', '--detach', '--no-vm']);
  const { url, faces }: { readonly url: string; readonly faces: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(join(here.dataDir, 'server.json'), 'utf8'),
  );
  base = `${faces['novacron']}/v1`;
  const apiKey = readFileSync(join(here.dataDir, 'admin.key'), 'utf8').trim();
  client = createClient({ baseUrl: url, apiKey });
  await client.users.create({ name: 'ann', email: 'admin@example.com', password: PASSWORD, roles: ['admin'] });
});
afterAll(async () => {
  await here?.remove();
});

async function ask<T>(method: string, path: string, body: unknown, token: string | null): Promise<T> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: T = JSON.parse(await response.text());
  return answer;
}

describe('NovaCron on real machines', () => {
  it('measures what a guest does, requests to its disk and packets too', { timeout: 300_000 }, async () => {
    const login = { email: 'admin@example.com', password: PASSWORD };
    const { token } = await ask<{ token: string }>('POST', '/auth/login', login, null);
    const { id } = await ask<{ id: string }>(
      'POST',
      '/vms',
      { name: 'busy', template_id: 'base', hypervisor: 'kvm', resources: { cpu: 1, memory_gb: 0.5, storage_gb: 4 } },
      token,
    );
    await client.vms.wait(id, { phase: 'running' });
    await client.executions.run(id, { command: 'dd if=/dev/zero of=/root/x bs=1M count=20 conv=fsync' });
    const metrics = async () =>
      (
        await ask<{ metrics: Record<string, Record<string, number | null>> }>(
          ...(['GET', `/vms/${id}/metrics?interval=1m`, undefined, token] as const),
        )
      ).metrics;
    await expect
      .poll(async () => (await metrics())['disk']?.['write_iops'] ?? 0, { timeout: 60_000, interval: 1_000 })
      .toBeGreaterThan(0);

    const details = await ask<{ hypervisor: string; hypervisor_details: object }>(
      'GET',
      `/vms/${id}`,
      undefined,
      token,
    );
    expect(details).toMatchObject({
      hypervisor: 'kvm',
      hypervisor_details: {
        accelerator: expect.stringMatching(/^(kvm|tcg)$/),
        version: expect.stringMatching(/^\d+\./),
      },
    });
    const mac = await client.executions.run(id, { command: 'cat /sys/class/net/eth0/address' });
    expect(details).toMatchObject({
      network: { interfaces: [{ name: 'eth0', mac: Buffer.from(mac.stdout).toString().trim() }] },
    });
    await ask('DELETE', `/vms/${id}?force=true`, undefined, token);
  });

  it('is walked through by a script', { timeout: 300_000 }, async () => {
    const walked = await runToEnd([join(ROOT, 'examples/novacron/walk.sh')], {
      env: { ...here.env, BASE: base, EMAIL: 'admin@example.com', PASSWORD },
    });

    expect(walked).toMatchObject({ code: 0 });
    for (const part of [
      '"provisioning_job_id": "job_',
      '"status": "stopping"',
      '"batch_job_id": "batch_job_',
      '"total": 0',
    ])
      expect(walked.stdout).toContain(part);
  });
});
