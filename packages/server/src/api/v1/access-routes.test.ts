import type { Problem, Route } from '@volary/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../domain/principal/permissions.ts';
import { rightsOf } from '../../domain/principal/rights.ts';
import { BUILT_IN_ROLES } from '../../domain/principal/roles.ts';
import { faultsOf } from '../testing/conformance.ts';
import { type Ask, send } from '../testing/send.ts';
import { type CasesServer, EVERY_CASE, startCases } from './testing/route-cases.test-kit.ts';

let server: CasesServer;
/** Of a member who owns nothing. */
let memberKey: string;
let firstId: string;

beforeAll(async () => {
  server = await startCases();
  const { users, apiKeys, vms } = server.client;
  await users.create({ name: 'bob', roles: ['member'] });
  memberKey = (await apiKeys.create({ name: 'own', owner: 'bob' })).key;
  firstId = (await vms.get('first')).id;
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const keys = new Map<string, Promise<string>>();

/** A key of the administrator's that may do everything but this. */
function keyWithout(permission: string): Promise<string> {
  const made =
    keys.get(permission) ??
    server.client.apiKeys
      .create({ name: `no ${permission}`, permissions: PERMISSIONS.filter((other) => other !== permission) })
      .then(({ key }) => key);
  keys.set(permission, made);
  return made;
}

const MEMBER: ReadonlySet<string> = rightsOf(BUILT_IN_ROLES.member).own;
const GUARDED = EVERY_CASE.filter(([, { permission }]) => !['none', 'authenticated'].includes(permission));

function as(key: string, asked: Ask): Ask {
  return { ...asked, headers: { ...asked.headers, authorization: `Bearer ${key}` } };
}

/** Whether what is asked is about something that there is. */
function isAboutSomething({ params = {}, query = {}, body }: Ask): boolean {
  const named = { ...query, ...(typeof body === 'object' && body !== null ? body : {}) };
  return Object.keys(params).length > 0 || 'vm' in named;
}

/** What a member is answered who asks for what works for an administrator: refused, not there, or what is their own. */
function statusForMember({ permission, operationId }: Route, asked: Ask, status: number): number {
  // The example's key may read any VM, which is not a member's to give.
  if (!MEMBER.has(permission) || operationId === 'createApiKey') return 403;
  // Its VMs are named by its body.
  if (operationId === 'runBatch') return 404;
  const isOfInstallation = ['image:read', 'host:read', 'warm-template:read', 'template:read'].includes(permission);
  // What everybody may see is no secret to who may not change it.
  if (permission.startsWith('template:') && isAboutSomething(asked) && !isOfInstallation) return 403;
  return isAboutSomething(asked) && !isOfInstallation ? 404 : status;
}

describe.each(GUARDED)('%s', (_name, route, { ask, status, failing }) => {
  it('is refused to a key that may do everything else, by the name of what it lacks', async () => {
    const { headers = {}, ...asked } = failing.ask;
    const unconditional = { ...asked, headers: { ...headers, 'if-match': '*' } };
    const answer = await send(server.url, route, as(await keyWithout(route.permission), unconditional));

    const problem: Problem = JSON.parse(answer.text);
    // What is no request at all is told first.
    if (answer.status === 400) return expect(problem.reason).toBe(failing.reason);
    expect(problem).toMatchObject({ status: 403, reason: 'access.denied' });
    expect(problem.details).toEqual({ required_permission: route.permission });
    expect(faultsOf(route, answer)).toEqual([]);
  });

  it('does to nobody else’s what it does to one’s own', async () => {
    const asked = await ask();
    const answer = await send(server.url, route, as(memberKey, asked));

    const expected = statusForMember(route, asked, status);
    expect(answer.status, answer.text).toBe(expected);
    expect(faultsOf(route, answer)).toEqual([]);
    if (expected === 403) expect(answer.text).toMatch(/"reason":"access\.(?:denied|cannot_grant)"/);
    if (expected === 404) expect(answer.text).toMatch(/"reason":"[a-z_]+\.unknown(?:_session)?"/);
    if (route.method === 'GET') expect(answer.text).not.toContain(firstId);
    if (expected >= 400) {
      const { items } = await server.client.audit.list({ limit: 20, principal: 'bob', result: 'ok' });
      const requestId = answer.headers.get('x-request-id');
      expect(items.filter((entry) => entry.request_id === requestId)).toEqual([]);
    }
  });
});
