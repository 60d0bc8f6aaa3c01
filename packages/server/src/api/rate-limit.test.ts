import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from './testing/run-server.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await runServer({ VOLARY_RATE_LIMIT: '100/min;burst=20', VOLARY_TRUSTED_PROXIES: '127.0.0.0/8' });
});
afterAll(() => server?.[Symbol.asyncDispose]());

const key = { authorization: `Bearer ${ADMIN_KEY}` };
/** Each test is a caller of its own, behind the proxy that the tests are. */
const from = (address: string) => ({ 'x-forwarded-for': address });

async function ask(path: string, headers: Record<string, string>, init: RequestInit = {}) {
  const response = await fetch(server.url + path, { ...init, headers });
  const body = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    reason: response.headers.get('content-type')?.includes('problem') === true ? JSON.parse(body).reason : null,
  };
}

function limitOf(headers: Headers): readonly (number | null)[] {
  return ['limit', 'remaining', 'reset'].map((name) => {
    const value = headers.get(`x-ratelimit-${name}`);
    return value === null ? null : Number(value);
  });
}

describe('100/min;burst=20', () => {
  it('allows 120 at once, and tells those after them truly when to come back', async () => {
    const startedAt = Date.now() / 1000;
    const first = await ask('/v1/capabilities', key);
    const others = await Promise.all(Array.from({ length: 159 }, () => ask('/v1/capabilities', key)));
    const elapsedSeconds = Date.now() / 1000 - startedAt;

    expect([first.status, ...limitOf(first.headers).slice(0, 2)]).toEqual([200, 100, 119]);
    const [refused, allowed] = [429, 200].map((wanted) => others.filter(({ status }) => status === wanted));
    // One token comes back each 0.6 s while the test asks.
    expect(allowed?.length).toBeGreaterThanOrEqual(119);
    expect(allowed?.length).toBeLessThanOrEqual(119 + Math.ceil(elapsedSeconds / 0.6));
    const one = refused?.at(0);
    expect(one?.reason).toBe('rate.limited');
    expect(one?.headers.get('retry-after')).toBe('1');
    const [limit, remaining, fullAt] = limitOf(one?.headers ?? new Headers());
    expect([limit, remaining]).toEqual([100, 0]);
    // An empty bucket is full after 72 s.
    expect(fullAt).toBeGreaterThanOrEqual(Math.floor(startedAt) + 71);
    expect(fullAt).toBeLessThanOrEqual(Math.ceil(startedAt + elapsedSeconds + 73));
  });

  it('counts a request however its path is written', async () => {
    const { hostname, port } = new URL(server.url);
    /** The head of the answer to this target, as it stands. */
    const headOf = async (target: string): Promise<string> => {
      const socket = connect(Number(port), hostname);
      socket.write(`GET ${target} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 192.0.2.77\r\nconnection: close\r\n\r\n`);
      let text = '';
      socket.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      await once(socket, 'close');
      return text.split('\r\n\r\n', 1)[0] ?? '';
    };

    for (const target of [
      '/v1/vms',
      '/%761/vms',
      '/v%31/vms',
      'http://x/v1/vms',
      '/%761/nothing',
      '/v%6Flant/%61pi/nothing',
    ])
      expect(await headOf(target), target).toMatch(/x-ratelimit-remaining: \d+/);
  });

  it('is told by every answer of the face, whatever it is', async () => {
    const caller = from('192.0.2.1');
    const startedAt = Date.now();
    const answers = [
      await ask('/v1/vms', caller),
      await ask('/v1/vms', { ...caller, authorization: 'Bearer nonsense' }),
      await ask('/v1/nothing', caller),
      await ask('/v1/vms', caller, { method: 'PUT' }),
      await ask('/v1/openapi.json', caller),
      await ask('/v1/vms/%zz', caller),
    ];

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 404, 405, 200, 400]);
    // One token comes back each 0.6 s while the test asks.
    const refilled = Math.ceil((Date.now() - startedAt) / 600);
    for (const [index, { headers }] of answers.entries()) {
      const [, remaining] = limitOf(headers);
      expect(remaining).toBeGreaterThanOrEqual(119 - index);
      expect(remaining).toBeLessThanOrEqual(Math.min(119, 119 - index + refilled));
    }
  });

  it('does not count what load balancers ask', async () => {
    expect(limitOf((await ask('/readyz', from('192.0.2.2'))).headers)).toEqual([null, null, null]);
  });

  it('counts those who show no key, or a wrong one, by their address, and then does not look at it any more', async () => {
    const guess = () => ask('/v1/vms', { ...from('192.0.2.3'), authorization: 'Bearer guess' });
    const answers = await Promise.all(Array.from({ length: 150 }, guess));

    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
    expect(new Set(answers.map(({ reason }) => reason))).toEqual(new Set(['auth.key_invalid', 'rate.limited']));
    expect((await ask('/v1/vms', from('192.0.2.4'))).status).toBe(401);
  });

  it('counts a WebSocket once, when it is opened or refused', async () => {
    const lines = ['GET /v1/events HTTP/1.1', 'host: x', 'upgrade: websocket', 'connection: upgrade'];
    const more = [
      'sec-websocket-version: 13',
      `sec-websocket-key: ${'A'.repeat(22)}==`,
      'sec-websocket-protocol: volary.v1',
    ];
    const open = async (...own: readonly string[]): Promise<string> => {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.write(`${[...lines, ...more, ...own].join('\r\n')}\r\n\r\n`);
      const [answer] = await once(socket, 'data');
      socket.destroy();
      return String(answer);
    };

    expect(await open('x-forwarded-for: 192.0.2.5')).toMatch(/^HTTP\/1.1 401 [\s\S]*x-ratelimit-remaining: 119/i);
    // The administrator has nothing left of what was asked above, until a token has come back.
    await expect
      .poll(() => open(`authorization: Bearer ${ADMIN_KEY}`), { timeout: 10_000 })
      .toMatch(/^HTTP\/1.1 101 [\s\S]*x-ratelimit-remaining: \d/i);
  });
});
