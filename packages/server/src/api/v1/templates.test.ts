import type { Problem, Template } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';

const YAML = 'name: hello\nversion: 1.0.0\nresources: { vcpus: 2 }\nlabels:\n  team: blue\n';

let server: RunningServer;
let client: VolaryClient;
beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

async function post(body: string, type: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(new URL('/v1/templates', server.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': type, ...headers },
    body,
  });
  const answer: Template & Problem = JSON.parse(await response.text());
  return { status: response.status, headers: response.headers, body: answer };
}

describe('a manifest over HTTP', () => {
  it('is installed from YAML as from JSON, and answered with the version that came of it', async () => {
    const made = await post(YAML, 'application/yaml', { prefer: 'wait=10' });
    const same = JSON.stringify({ name: 'hello', version: '1.0.1', resources: { vcpus: 2 }, labels: { team: 'blue' } });
    const again = await post(same, 'application/json', { prefer: 'wait=10' });

    expect(made).toMatchObject({
      status: 201,
      body: { name: 'hello', version: '1.0.0', vcpus: 2, labels: { team: 'blue' } },
    });
    expect(made.headers.get('location')).toBe('/v1/templates/hello@1.0.0');
    const { id, version, created_at, updated_at, ...ofFirst } = made.body;
    expect(again.body).toMatchObject({ ...ofFirst, version: '1.0.1' });
    expect((await client.templates.versions('hello')).items.map((each) => each.version)).toEqual(['1.0.1', '1.0.0']);
  });

  it('is told all that is wrong with it, in YAML too', async () => {
    const asked = 'name: Hello\nversion: 1.0.0\nresources: { vcpus: 65, gpus: 1 }\nnetwork: { mode: wifi }\n';
    const { status, body } = await post(asked, 'application/yaml');

    expect([status, body.reason]).toEqual([400, 'request.invalid']);
    expect(body.errors?.map(({ field }) => field).sort()).toEqual([
      ...['name', 'network.mode', 'resources.gpus', 'resources.vcpus'],
    ]);
  });

  it.each([
    ['YAML that is broken', 'name: [', 'application/yaml', 'request.malformed_yaml'],
    ['bytes that are no text', '\uFFFD'.repeat(2), 'application/json', 'request.malformed_json'],
    ['no body', '', 'application/yaml', 'request.invalid'],
    ['a list', '- name: x', 'text/yaml', 'request.invalid'],
  ])('is refused as %s', async (_, body, type, reason) => {
    expect(await post(body, type)).toMatchObject({ status: 400, body: { reason } });
  });

  it('is bounded in YAML', async () => {
    expect((await post(`name: ${'x'.repeat(300_000)}`, 'application/yaml')).status).toBe(413);
  });

  it('takes effect once under a key, and is known again by its words', async () => {
    const key = { 'idempotency-key': 'once', prefer: 'wait=10' };
    const asked = YAML.replace('1.0.0', '2.0.0');
    const first = await post(asked, 'application/yaml', key);
    const second = await post(asked, 'application/yaml', key);
    const other = await post(asked.replace('blue', 'red'), 'application/yaml', key);

    expect([first.status, second.status, other.status]).toEqual([201, 201, 422]);
    expect(second.body).toEqual(first.body);
  });

  it('is not taken in YAML where anything else is asked', async () => {
    const response = await fetch(new URL('/v1/vms', server.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/yaml' },
      body: 'name: first',
    });

    expect(response.status).toBe(415);
  });
});

describe('a VM over HTTP', () => {
  it('is made from a template, and says so', async () => {
    await client.operations.finish((await client.templates.create({ name: 'api', version: '1', runtime: 'node' })).id);
    const { id } = await client.vms.create({ name: 'first', template: 'api', vcpus: 3, start: false });
    await client.operations.finish(id);

    expect(await client.vms.get('first')).toMatchObject({
      ...{ template: { name: 'api', version: '1' }, vcpus: 3, labels: { runtime: 'node' } },
    });
    await client.templates.disable('api');
    await expect(client.vms.create({ template: 'api' })).rejects.toMatchObject({
      status: 409,
      reason: 'template.disabled',
    });
    await expect(client.templates.delete('api')).rejects.toMatchObject({ status: 409, details: { vms: ['first'] } });
  });
});

describe('what is built in', () => {
  it('is there from the start', async () => {
    expect(await client.templates.get('base')).toMatchObject({ is_built_in: true, image: 'base', owner: 'system' });
  });
});
