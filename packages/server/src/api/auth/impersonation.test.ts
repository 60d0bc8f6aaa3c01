import { type OutgoingHttpHeaders, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseIpRange } from '../../lib/ip-address.ts';
import { type RunningApi, runApi } from '../testing/run-api.ts';
import { ADMIN_KEY } from '../testing/run-server.ts';

/* All of 127.0.0.0/8 is this machine: from one of its addresses comes a proxy that is trusted, from others clients and proxies that are not. */
const PROXY = '127.0.0.2';
const OTHER_PROXY = '127.0.0.3';
const CLIENT = '127.0.0.1';
const PAGE = 'https://console.example.com';

let api: RunningApi;

beforeEach(async () => {
  const trusted = parseIpRange(PROXY);
  api = await runApi({
    allowedOrigins: [PAGE],
    proxies: { ranges: trusted === null ? [] : [trusted], header: 'x-forwarded-for' },
  });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  /** Name of who asks, or the reason of the refusal. */
  readonly who: string;
}

/** Asks who one is, from this address. Headers in a list are sent as they stand, also twice. */
function whoAmI(from: string, headers: OutgoingHttpHeaders | readonly string[], method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(api.url);
    const asked = request(
      { hostname, port, path: '/v1/auth/me', method, localAddress: from, headers, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          const body: { readonly reason?: string; readonly user?: { readonly name: string } } = JSON.parse(text);
          resolve({ status: response.statusCode ?? 0, who: body.user?.name ?? body.reason ?? '' });
        });
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

const asAnn = { 'x-vm-user': 'ann' };
const missing = { status: 401, who: 'auth.key_missing' };

describe('a name in a header', () => {
  it.each(['x-vm-user', 'x-forwarded-user', 'x-user', 'x-remote-user', 'remote-user'])(
    'is nobody’s word where it comes from a client: %s',
    async (header) => {
      expect(await whoAmI(CLIENT, { [header]: 'ann' })).toEqual(missing);
    },
  );

  it('changes nothing for a client with a key', async () => {
    expect(await whoAmI(CLIENT, { ...asAnn, 'x-api-key': ADMIN_KEY })).toEqual({ status: 200, who: 'admin' });
  });

  it('is nobody’s word where it comes from a proxy on this machine that is not trusted, whatever that adds', async () => {
    const forwarded = { 'x-forwarded-for': PROXY, forwarded: `for=${PROXY}`, via: '1.1 proxy' };

    expect(await whoAmI(OTHER_PROXY, { ...asAnn, ...forwarded })).toEqual(missing);
  });

  it('counts from the proxy that is trusted', async () => {
    expect(await whoAmI(PROXY, asAnn)).toEqual({ status: 200, who: 'ann' });
    expect(await whoAmI(PROXY, { 'x-forwarded-user': 'bob@corp.example' })).toEqual({
      status: 200,
      who: 'bob@corp.example',
    });
    expect(await api.store.users.getByName('ann')).toMatchObject({ roles: ['member'], source: 'proxy' });
  });

  it.each(['admin', 'Ann', '../admin', 'ann admin', ' ', 'system'])('does not count as %j', async (name) => {
    expect(await whoAmI(PROXY, { 'x-vm-user': name })).toEqual({ status: 401, who: 'auth.user_refused' });
  });

  it('does not count when a client has slipped in another', async () => {
    const refused = { status: 401, who: 'auth.user_refused' };
    const host = ['host', new URL(api.url).host];

    expect(await whoAmI(PROXY, { ...asAnn, 'x-forwarded-user': 'bob' })).toEqual(refused);
    expect(await whoAmI(PROXY, [...host, 'x-vm-user', 'ann', 'x-vm-user', 'bob'])).toEqual(refused);
    expect(await whoAmI(PROXY, [...host, 'x-vm-user', 'bob', 'X-Vm-User', 'ann'])).toEqual(refused);
  });

  it('counts less than a key that the client of the proxy presents', async () => {
    expect(await whoAmI(PROXY, { ...asAnn, 'x-api-key': ADMIN_KEY })).toEqual({ status: 200, who: 'admin' });
    expect(await whoAmI(PROXY, { ...asAnn, authorization: 'Bearer wrong' })).toEqual({
      status: 401,
      who: 'auth.key_invalid',
    });
    expect(await whoAmI(PROXY, { ...asAnn, authorization: 'Basic YW5u' })).toEqual(missing);
  });
});

describe('a page of somebody else’s', () => {
  it('cannot have the proxy of whoever reads it send requests', async () => {
    const refused = { status: 403, who: 'request.foreign_origin' };

    expect(await whoAmI(PROXY, { ...asAnn, origin: 'https://evil.example' }, 'PATCH')).toEqual(refused);
    expect(await whoAmI(PROXY, { ...asAnn, origin: 'null' })).toEqual(refused);
    expect(await whoAmI(PROXY, { ...asAnn, 'sec-fetch-site': 'cross-site' })).toEqual(refused);
  });

  it('is no such page when its origin is allowed', async () => {
    const headers = { ...asAnn, origin: PAGE, 'sec-fetch-site': 'cross-site' };

    expect(await whoAmI(PROXY, headers)).toEqual({ status: 200, who: 'ann' });
  });

  it('cannot call a trusted address of its reader’s own machine by a name of its own (DNS rebinding)', async () => {
    const refused = { status: 403, who: 'request.foreign_host' };
    const { port } = new URL(api.url);

    expect(await whoAmI(PROXY, { ...asAnn, host: `evil.example:${port}` })).toEqual(refused);
    expect(await whoAmI(PROXY, { ...asAnn, host: `localhost.evil.example:${port}` })).toEqual(refused);
    expect(await whoAmI(PROXY, { ...asAnn, host: `127.0.0.1.evil.example` })).toEqual(refused);
    expect(await whoAmI(PROXY, { ...asAnn, host: `localhost:${port}` })).toEqual({ status: 200, who: 'ann' });
    expect(await whoAmI(PROXY, { ...asAnn, host: 'console.example.com' })).toEqual({ status: 200, who: 'ann' });
  });

  it('gets nothing by the same name where a key is asked for: a browser adds none by itself', async () => {
    expect(await whoAmI(CLIENT, { ...asAnn, host: 'evil.example' })).toEqual(missing);
  });
});
