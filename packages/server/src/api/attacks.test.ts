import { type Route, routes } from '@volary/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningApi, runApi } from './testing/run-api.ts';
import { ADMIN_KEY } from './testing/run-server.ts';

let api: RunningApi;

beforeAll(async () => {
  api = await runApi({});
});

afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
});

const withParams = Object.values(routes).filter((route) => route.path.includes('{'));
const withJson = Object.values<Route>(routes).filter((route) => route.body !== undefined && !route.body.isStream);

/** What stands for a part of a path as it is sent: encoded, so that no client tidies it up. */
const HOSTILE_PARTS = [
  '..%2f..%2f..%2fetc%2fpasswd',
  '..%5c..%5cetc%5cpasswd',
  '%2e%2e%2fadmin.key',
  '%00',
  'x%00.qcow2',
  'x%0d%0aSet-Cookie:%20sid=1',
  '__proto__',
  'constructor',
  'toString',
  '%F0%9F%90%A6',
  "x'%20or%20'1'='1",
  '%24%7Bjndi:ldap:%2f%2f127.0.0.1%2fx%7D',
  'a'.repeat(10_000),
];

async function ask(method: string, path: string, body?: string): Promise<Response> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };
  return await fetch(api.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
}

describe.each(withParams.map((route) => [route.operationId, route] as const))('%s', (_name, route) => {
  it.each(HOSTILE_PARTS)('takes %s for a name that nothing has', async (part) => {
    const response = await ask(route.method, route.path.replaceAll(/\{\w+\}/g, part));

    const text = await response.text();
    expect(response.status, text).toBeGreaterThanOrEqual(400);
    expect(response.status, text).toBeLessThan(500);
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(text).not.toMatch(/root:|SQLITE|at .*\.ts:\d/);
  });
});

describe.each(withJson.map((route) => [route.operationId, route] as const))('the body of %s', (_name, route) => {
  it.each([
    '{"__proto__":{"isPolluted":true}}',
    '{"constructor":{"prototype":{"isPolluted":true}}}',
    '{"labels":{"__proto__":{"isPolluted":true}},"metadata":{"__proto__":{"isPolluted":true}}}',
    '{"owner":"somebody","role":"admin","roles":["admin"],"permissions":["*"],"id":"vm_1","revision":9}',
  ])('%s changes nothing that it should not', async (body) => {
    const before = await api.last();

    const response = await ask(route.method, route.path.replaceAll(/\{\w+\}/g, 'nobody'), body);

    expect(response.status, await response.text()).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(Object.prototype).not.toHaveProperty('isPolluted');
    expect(await api.last()).toBe(before);
  });
});

describe('headers of a request', () => {
  it.each([
    ['x-request-id', 'mine'],
    ['x-http-method-override', 'DELETE'],
    ['x-original-url', '/v1/vms/other'],
    ['x-rewrite-url', '/v1/vms/other'],
    ['x-forwarded-host', 'evil.example'],
    ['x-forwarded-proto', 'gopher'],
    ['forwarded', 'host=evil.example'],
  ])('%s does not steer the answer', async (name, value) => {
    const response = await fetch(`${api.url}/v1/capabilities`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}`, [name]: value },
    });

    expect(response.status).toBe(200);
    expect([...response.headers.values()].join()).not.toContain(value);
  });
});
