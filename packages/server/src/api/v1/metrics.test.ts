import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../lib/testing/until.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';

let server: RunningServer;
let client: VolaryClient;

beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  for (const name of ['bird', 'nest']) await client.operations.finish((await client.vms.create({ name })).id);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** What is told when both VMs have been measured. */
async function scrape(): Promise<string> {
  return await until(async () => {
    const text = await client.metrics.scrape();
    return text.split('\nvolary_vm_uptime_seconds{').length > 2 && text;
  }, 'figures of both VMs');
}

it('what the host does is told, to whoever may see it', async () => {
  const [host] = (await client.hosts.list()).items;
  const { id = '', name = '' } = host ?? {};
  const measured = async (ref: string) => await client.metrics.ofHost(ref, { interval: '5m' });
  await until(async () => (await measured(id)).covered_seconds > 0, 'figures of the host', { everyMs: 200 });

  const { metrics, series, step_seconds: step } = await measured(name);

  expect(series.length).toBeGreaterThan(0);
  expect(step).toBe(5);
  expect(metrics.cpu?.usage_percent).toBeGreaterThan(0);
  expect(metrics.cpu?.usage_percent).toBeLessThanOrEqual(100);
  expect(metrics.memory?.used_bytes).toBeLessThan(metrics.memory?.total_bytes ?? 0);
  expect(metrics.disk?.used_bytes).toBeLessThan(metrics.disk?.total_bytes ?? 0);
});

describe('what many VMs use', () => {
  it('is told in one answer, a page at a time, of those that are asked for', async () => {
    const both = await client.metrics.list();
    const ids = (await client.vms.list()).items.map(({ id }) => id);
    expect(both.items.map(({ vm_id }) => vm_id)).toEqual(ids);
    expect(both.items.map(({ interval }) => interval)).toEqual(['1m', '1m']);

    const first = await client.metrics.list({ limit: 1, interval: '1h' });
    const second = await client.metrics.list({ limit: 1, interval: '1h', cursor: first.next_cursor ?? '' });
    expect([first, second].map(({ items }) => items.map(({ vm_id, step_seconds }) => [vm_id, step_seconds]))).toEqual(
      ids.map((id) => [[id, 60]]),
    );
    expect(second.next_cursor).toBeNull();
    expect((await client.metrics.list({ name: 'nest' })).items.map(({ vm_id }) => vm_id)).toEqual([ids[1]]);
    expect((await client.metrics.list({ phase: ['stopped'] })).items).toEqual([]);
  });

  it('is as told of each by itself', async () => {
    const listOne = async () => (await client.metrics.list({ name: 'bird', interval: '5m' })).items[0];
    await until(async () => ((await listOne())?.covered_seconds ?? 0) > 0, 'figures of the VM', { everyMs: 200 });
    const listed = await listOne();
    const alone = await client.metrics.get('bird', { interval: '5m' });

    expect(listed?.covered_seconds).toBeGreaterThan(0);
    const steps = new Map(alone.series.map((point) => [point.timestamp, point]));
    // The step that has begun may have gone on between the two.
    for (const point of listed?.series.slice(0, -1) ?? []) expect(steps.get(point.timestamp)).toEqual(point);
  });

  it('is told of one’s own where one may read no others', async () => {
    await client.users.create({ name: 'bob', roles: ['member'] });
    const { key } = await client.apiKeys.create({ name: 'own', owner: 'bob' });
    const bob = createClient({ baseUrl: server.url, apiKey: key });
    expect((await bob.metrics.list()).items).toEqual([]);

    const own = await client.apiKeys.create({ name: 'none', permissions: ['vm:create'] });
    const none = createClient({ baseUrl: server.url, apiKey: own.key });
    await expect(none.metrics.list()).rejects.toMatchObject({ status: 403, reason: 'access.denied' });
  });
});

describe('GET /metrics', () => {
  it('is what promtool reads without finding anything wrong', async () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: await scrape(),
      encoding: 'utf8',
    });

    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('tells of requests by the template of their route, and names no VM by it', async () => {
    await client.vms.get('bird');
    await fetch(`${server.url}/no/such/path`);

    const requests = (await scrape())
      .split('\n')
      .filter((line) => line.startsWith('volary_http_request_duration_seconds_count'));

    expect(requests.join('\n')).toMatch(/\{method="GET",route="\/v1\/vms\/\{ref\}",status="200"\} \d/);
    expect(requests.join('\n')).toMatch(/\{method="GET",route="none",status="404"\} 1/);
    expect(requests.join('\n')).not.toContain('bird');
  });

  it('tells of requests whose caller went away, before an answer and in the middle of one', async () => {
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const counts = async (route: string) =>
      (await client.metrics.scrape())
        .split('\n')
        .filter((line) => line.includes(`_count{method="GET",route="${route}"`));
    // With the 100 that it asks for, the request is with the server.
    const waiting = get(`${server.url}/v1/vms/bird/wait?phase=stopped&timeout=60`, {
      headers: { ...headers, expect: '100-continue' },
    }).on('error', () => undefined);
    await once(waiting, 'continue');
    const streaming = new AbortController();
    const events = await fetch(`${server.url}/v1/events`, {
      headers: { ...headers, accept: 'text/event-stream' },
      signal: streaming.signal,
    });
    expect(events.status).toBe(200);

    waiting.destroy();
    streaming.abort();

    await expect
      .poll(() => counts('/v1/vms/{ref}/wait'), { timeout: 10_000 })
      .toEqual([expect.stringContaining('"499"} 1')]);
    await expect.poll(() => counts('/v1/events'), { timeout: 10_000 }).toEqual([expect.stringContaining('"200"} 1')]);
  });

  it('says what it is, and is for a key that may do nothing else', async () => {
    const { key } = await client.apiKeys.create({ name: 'prometheus', permissions: ['metrics:read'] });
    const headers = { authorization: `Bearer ${key}` };

    const [metrics, vms] = await Promise.all(
      ['/metrics', '/v1/vms'].map((path) => fetch(server.url + path, { headers })),
    );

    expect([metrics?.status, vms?.status]).toEqual([200, 403]);
    expect(metrics?.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  });
});
