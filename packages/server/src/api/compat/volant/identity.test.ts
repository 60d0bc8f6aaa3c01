import { describe, expect, it } from 'vitest';
import { ADMIN_KEY } from '../../../engine/principals.test-kit.ts';
import { parseIpRange } from '../../../lib/ip-address.ts';
import { runApi } from '../../testing/run-api.ts';
import { sendRaw } from './send-raw.test-kit.ts';

type Headers = Readonly<Record<string, string>>;

const list = async (url: string, headers: Headers = {}): Promise<number> =>
  (await sendRaw(`${url}/volant/api/v1/vms`, headers)).status;

const trusting = (address: string) => {
  const range = parseIpRange(address);
  return { ranges: range === null ? [] : [range], header: 'x-forwarded-for' as const };
};

describe('without a key', () => {
  it('whoever is on this machine is the operator api', async () => {
    await using api = await runApi({});

    for (const host of ['localhost:8080', '127.0.0.1', '[::1]:1']) expect(await list(api.url, { host })).toBe(200);
    expect(await api.store.users.getByName('api')).toMatchObject({ roles: ['operator'], source: 'loopback' });
  });

  it.each([
    [{ host: 'evil.example' }, 401],
    [{ origin: 'https://evil.example' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ forwarded: 'for=192.0.2.1' }, 401],
    [{ 'x-forwarded-for': '192.0.2.1' }, 401],
    [{ 'x-forwarded-anything': 'x' }, 401],
    [{ 'x-real-ip': '192.0.2.1' }, 401],
    [{ via: '1.1 proxy' }, 401],
    [{ authorization: 'Basic YTpi' }, 401],
    [{ authorization: 'Bearer wrong' }, 401],
    [{ 'x-api-key': 'wrong' }, 401],
  ])('nobody is let in with %j', async (headers, status) => {
    await using api = await runApi({});

    expect(await list(api.url, { host: 'localhost', ...headers })).toBe(status);
  });

  it('nobody is let in by a trusted proxy that does not say who asks, nor where keys are required', async () => {
    await using behind = await runApi({ proxies: trusting('127.0.0.1') });
    await using closed = await runApi({ isLoopbackOpen: false });

    for (const api of [behind, closed]) {
      expect(await list(api.url)).toBe(401);
      expect(await list(api.url, { 'x-api-key': ADMIN_KEY })).toBe(200);
    }
    expect(await list(behind.url, { 'x-vm-user': 'ann' })).toBe(200);
  });

  it('nobody becomes the account of that name which is somebody’s own', async () => {
    await using api = await runApi({});
    const made = await fetch(`${api.url}/v1/users`, {
      method: 'POST',
      headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'api', roles: ['admin'] }),
    });

    expect(made.status).toBe(201);
    expect(await list(api.url)).toBe(401);
  });

  it('nobody has more than an operator, nor comes in elsewhere', async () => {
    await using api = await runApi({});

    expect((await sendRaw(`${api.url}/v1/vms`, {})).status).toBe(401);
    await list(api.url);
    expect((await sendRaw(`${api.url}/v1/users`, {})).status).toBe(401);
    expect((await sendRaw(`${api.url}/volant/api/v1/openapi`, { host: 'evil.example' })).status).toBe(200);
  });
});
