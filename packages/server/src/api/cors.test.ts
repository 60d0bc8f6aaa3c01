import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningApi, runApi } from './testing/run-api.ts';
import { ADMIN_KEY } from './testing/run-server.ts';

const CONSOLE = 'https://console.example.org';

let api: RunningApi;
beforeAll(async () => {
  api = await runApi({ allowedOrigins: [CONSOLE] });
});
afterAll(() => api?.[Symbol.asyncDispose]());

async function ask(path: string, headers: Record<string, string>, method = 'GET'): Promise<Response> {
  const response = await fetch(api.url + path, { method, headers });
  await response.arrayBuffer();
  return response;
}

const PREFLIGHT = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };

describe('a page of an allowed origin', () => {
  it('may read answers, errors too, and the headers that matter', async () => {
    const answers = [
      await ask('/v1/vms', { origin: CONSOLE, authorization: `Bearer ${ADMIN_KEY}` }),
      await ask('/v1/vms', { origin: CONSOLE }),
      await ask('/v1/nothing', { origin: CONSOLE }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 401, 404]);
    for (const { headers } of answers) {
      expect(headers.get('access-control-allow-origin')).toBe(CONSOLE);
      expect(headers.get('access-control-expose-headers')).toContain('X-RateLimit-Remaining');
      expect(headers.get('vary')).toBe('Origin');
    }
  });

  it('is told before what it may send, without a key', async () => {
    const answer = await ask('/v1/vms', { origin: CONSOLE, ...PREFLIGHT }, 'OPTIONS');

    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(CONSOLE);
    expect(answer.headers.get('access-control-allow-methods')).toContain('POST');
    expect(answer.headers.get('access-control-allow-headers')).toContain('Authorization');
    expect(answer.headers.get('access-control-max-age')).toBe('600');
  });
});

describe('a page of another origin', () => {
  it.each(['https://evil.example', 'null', 'https://console.example.org.evil.example', 'http://console.example.org'])(
    '(%s) is allowed nothing',
    async (origin) => {
      const answer = await ask('/v1/vms', { origin, authorization: `Bearer ${ADMIN_KEY}` });
      const preflight = await ask('/v1/vms', { origin, ...PREFLIGHT }, 'OPTIONS');

      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answer.headers.get('vary')).toBe('Origin');
      expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([405, null]);
    },
  );
});

describe('nobody', () => {
  it('is told to send what a browser has kept, nor that all may come', async () => {
    for (const origin of [CONSOLE, 'https://evil.example']) {
      const { headers } = await ask('/v1/vms', { origin, ...PREFLIGHT }, 'OPTIONS');

      expect(headers.get('access-control-allow-credentials')).toBeNull();
      expect(headers.get('access-control-allow-origin')).not.toBe('*');
    }
  });
});

describe('every answer', () => {
  it.each(['/v1/vms', '/v1/nothing', '/readyz', '/v1/openapi.json', '/v1/vms/%zz'])(
    'of %s says that it is data, and nothing to keep',
    async (path) => {
      const { headers } = await ask(path, {});

      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('strict-transport-security')).toBeNull();
    },
  );
});
