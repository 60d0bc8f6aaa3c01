import { describe, expect, it } from 'vitest';
import { ADMIN_KEY } from '../../../engine/principals.test-kit.ts';
import { parseIpRange } from '../../../lib/ip-address.ts';
import { runApi } from '../../testing/run-api.ts';

type Headers = Readonly<Record<string, string>>;

/** The status, and how many workspaces are seen. */
async function list(url: string, headers: Headers): Promise<number> {
  return (await fetch(`${url}/vm-api/api/v1/workspaces`, { headers })).status;
}

const trusting = (address: string) => {
  const range = parseIpRange(address);
  return { ranges: range === null ? [] : [range], header: 'x-forwarded-for' as const };
};

describe('x-user', () => {
  it('counts from this machine', async () => {
    await using api = await runApi({});

    expect(await list(api.url, { 'x-user': 'alice' })).toBe(200);
    expect(await api.store.users.getByName('alice')).toMatchObject({ roles: ['member'], source: 'proxy' });
  });

  it.each([
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-forwarded-user',
    'x-vm-user',
    'x-forwarded-port',
    'x-forwarded-whatever',
    'x-real-ip',
    'via',
  ])('does not count in what was forwarded (%s), unless it is to be believed of anybody', async (header) => {
    await using api = await runApi({});
    await using open = await runApi({ devAuth: true });
    const headers = { 'x-user': 'alice', [header]: 'x' };

    expect(await list(api.url, headers)).toBe(401);
    expect(await list(open.url, headers)).toBe(200);
  });

  it('never counts where a proxy is trusted, whoever sends it', async () => {
    for (const address of ['127.0.0.1', '192.0.2.1']) {
      await using api = await runApi({ proxies: trusting(address), devAuth: true });
      expect(await list(api.url, { 'x-user': 'alice' })).toBe(401);
    }
  });

  it('does not count when a page of somebody else’s has it sent', async () => {
    await using api = await runApi({});

    expect(await list(api.url, { 'x-user': 'alice', origin: 'https://evil.example' })).toBe(403);
    expect(await list(api.url, { 'x-user': 'alice', 'sec-fetch-site': 'cross-site' })).toBe(403);
  });

  it('makes nobody an administrator', async () => {
    await using api = await runApi({});

    for (const name of ['admin', 'system', '../admin']) expect(await list(api.url, { 'x-user': name })).toBe(401);
  });
});

describe('X-VM-User', () => {
  it('counts from a trusted proxy alone', async () => {
    await using trusted = await runApi({ proxies: trusting('127.0.0.1') });
    await using other = await runApi({ proxies: trusting('192.0.2.1') });

    for (const header of ['X-VM-User', 'X-Forwarded-User']) {
      expect(await list(trusted.url, { [header]: 'alice' })).toBe(200);
      expect(await list(other.url, { [header]: 'alice' })).toBe(401);
    }
  });
});

describe('a key', () => {
  it('counts before headers, and shows its owner’s workspaces alone', async () => {
    await using api = await runApi({});
    const make = async (headers: Headers, name: string) =>
      await fetch(`${api.url}/vm-api/api/v1/workspaces`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ name }),
      });
    await make({ 'x-user': 'alice' }, 'hers');
    await make({ 'x-api-key': ADMIN_KEY, 'x-user': 'alice' }, 'admins');
    const response = await fetch(`${api.url}/vm-api/api/v1/workspaces`, { headers: { 'x-api-key': ADMIN_KEY } });
    const seen: readonly { readonly name: string; readonly owner: string }[] = JSON.parse(await response.text());

    expect(seen.map(({ name, owner }) => [name, owner])).toEqual([['admins', 'admin']]);
    expect(await list(api.url, { authorization: 'Bearer wrong', 'x-user': 'alice' })).toBe(401);
  });
});
