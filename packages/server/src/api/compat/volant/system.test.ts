import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoggedFault, runApi } from '../../testing/run-api.ts';
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

describe('the system', () => {
  it('tells what it is, what there is, and what it has', async () => {
    await client.vms.create({ name: 'first' });
    await client.vms.wait('first', { phase: 'running' });
    await client.vms.create({ name: 'second', start: false });
    await client.deployments.create({ name: 'none', replicas: 0 });
    const { version } = await client.capabilities();
    const { items: templates } = await client.templates.list({ limit: 200 });
    const { status, body } = await volant.ask<{ readonly commit: string | null }>('GET', '/system/info');

    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual([
      'version',
      'commit',
      'build_date',
      'go_version',
      'platform',
      'stats',
      'resources',
    ]);
    expect(body).toEqual({
      version,
      commit: body.commit,
      build_date: expect.stringMatching(MOMENT),
      go_version: `node${process.versions.node}`,
      platform: expect.stringMatching(/^linux\/(amd64|arm64)$/),
      stats: { total_vms: 2, running_vms: 1, total_deployments: 1, total_plugins: templates.length },
      resources: { cpu_count: 64, memory_total_mb: 1_048_576, memory_available_mb: expect.any(Number) },
    });
    expect(body.commit === null || /^[0-9a-f]{12}$/.test(body.commit)).toBe(true);
  });

  it('has its OpenAPI document, of version 3.0.3', async () => {
    const { status, body } = await volant.ask<{ readonly paths: object }>('GET', '/openapi');

    expect(status).toBe(200);
    expect(body).toMatchObject({
      openapi: '3.0.3',
      info: { title: 'Volant API', version: 'v1', description: 'VM orchestration and plugin management' },
    });
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(['/api/v1/vms', '/api/v1/deployments', '/api/v1/events/vms']),
    );
    // What the schemas of 3.0 have no word for.
    expect(JSON.stringify(body)).not.toMatch(/"type":\["|"type":"null"|"examples":|"propertyNames":/);
  });

  it('has no limit of requests', async () => {
    const response = await fetch(`${volant.base}/vms`);

    expect(response.headers.get('x-ratelimit-limit')).toBeNull();
  });
});

describe('an error of Volant', () => {
  it('is 500 for a fault of the server, which tells nothing of its inside', async () => {
    let isBroken = false;
    const faults: LoggedFault[] = [];
    await using api = await runApi({
      faults,
      wrapStore: (store) => ({
        ...store,
        vms: {
          ...store.vms,
          getByName: async (name) => {
            if (isBroken) throw new Error('the secret inside');
            return await store.vms.getByName(name);
          },
        },
      }),
    });
    isBroken = true;
    const response = await fetch(`${api.url}/volant/api/v1/vms/my-vm`);
    const body = JSON.parse(await response.text());

    expect({ status: response.status, type: response.headers.get('content-type'), total: null, body }).toEqual(
      fault(500, 'internal_error', {}),
    );
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(faults).toMatchObject([
      {
        ...{ message: 'request failed', route: '/volant/api/v1/vms/:name' },
        error: { reason: 'internal.unexpected', cause: { message: 'the secret inside' } },
      },
    ]);
  });
});
