import { createClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoggedFault, runApi } from '../../testing/run-api.ts';
import { ADMIN_KEY } from '../../testing/run-server.ts';
import { askAt, type NovacronServer, PASSWORD, startNovacron } from './novacron.test-kit.ts';

let here: NovacronServer;
beforeAll(async () => {
  here = await startNovacron({ VOLARY_NOVACRON: 'support_url: https://help.example.org' });
});
afterAll(async () => {
  await here?.[Symbol.asyncDispose]();
});

describe('an error of NovaCron', () => {
  it('is 400 with each field that is wrong', async () => {
    const { status, body } = await here.ask('POST', '/vms', { name: 'x', resources: { cpu: 0 } });

    expect([status, body]).toEqual([
      400,
      {
        error: {
          code: 'INVALID_REQUEST',
          message: 'Validation failed',
          details: [{ field: 'resources.cpu', message: 'CPU count must be between 1 and 64' }],
        },
      },
    ]);
    for (const query of ['limit=101', 'limit=0', 'page=0', 'status=sleeping', 'hypervisor=bhyve', 'cloud=moon'])
      expect(await here.ask('GET', `/vms?${query}`)).toMatchObject({
        status: 400,
        body: { error: { details: [{ field: query.split('=')[0] }] } },
      });
  });

  it('is 401 for a token that is none', async () => {
    for (const token of [null, 'nonsense', 'a.b.c'])
      expect(await here.ask('GET', '/vms', undefined, token)).toMatchObject({
        status: 401,
        body: { error: { code: 'UNAUTHORIZED', message: 'Invalid or expired token' } },
      });
  });

  it('is 403 with the permission that is lacking', async () => {
    const id = await here.make('guarded');
    await here.client.users.create({ name: 'vic', email: 'vic@example.com', password: PASSWORD, roles: ['viewer'] });
    const login = { email: 'vic@example.com', password: PASSWORD };
    const { token } = (await here.ask<{ token: string }>('POST', '/auth/login', login, null)).body;
    const lacking = [
      ['DELETE', `/vms/${id}`, 'vm:delete'],
      ['POST', `/vms/${id}/stop`, 'vm:power'],
      ['POST', `/vms/${id}/migrate`, 'vm:migrate', { target_host: 'other' }],
      ['PUT', `/vms/${id}`, 'vm:update', {}],
      ['POST', '/vms', 'vm:create', { name: 'no' }],
      ['POST', '/batch/vms', 'vm:power', { operation: 'stop', vm_ids: [id] }],
    ] as const;

    for (const [method, path, permission, body] of lacking)
      expect(await here.ask(method, path, body, token)).toMatchObject({
        status: 403,
        body: {
          error: {
            code: 'FORBIDDEN',
            message: 'Insufficient permissions for operation',
            required_permission: permission,
          },
        },
      });
    expect((await here.client.vms.get(id)).phase).toBe('running');
  });

  it('is 404 with what was asked for', async () => {
    for (const id of ['vm_xyz789', 'vm_01kahx6z4qf8r9y6m3s2t1v0wq', 'guarded'])
      for (const [method, path, body] of [
        ['GET', ''],
        ['PUT', '', {}],
        ['DELETE', ''],
        ['POST', '/start'],
        ['GET', '/metrics'],
        ['GET', '/logs'],
      ] as const)
        expect(await here.ask(method, `/vms/${id}${path}`, body)).toMatchObject({
          status: 404,
          body: { error: { code: 'NOT_FOUND', message: 'VM not found', resource: id } },
        });
    expect(await here.ask('GET', '/nothing')).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND' } } });
    expect(await here.ask('PATCH', '/vms')).toMatchObject({
      status: 405,
      body: { error: { code: 'METHOD_NOT_ALLOWED' } },
    });
    expect(await here.ask('GET', '/%zz')).toMatchObject({ status: 400, body: { error: { code: 'INVALID_REQUEST' } } });
  });

  it('is 409 for a name that is taken', async () => {
    await here.make('taken');

    expect(await here.ask('POST', '/vms', { name: 'taken' })).toMatchObject({
      status: 409,
      body: { error: { code: 'CONFLICT' } },
    });
  });

  it('is 429 after twenty in a second, which say when to come again', async () => {
    await using busy = await startNovacron({ VOLARY_RATE_LIMITS: '' });
    const first = await busy.ask('GET', '/vms');
    const many = await Promise.all(Array.from({ length: 40 }, () => busy.ask('GET', '/vms')));
    const refused = many.filter(({ status }) => status === 429);

    expect(Object.fromEntries([...first.headers].filter(([name]) => name.startsWith('x-ratelimit-')))).toEqual({
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': expect.stringMatching(/^9\d$/),
      'x-ratelimit-reset': expect.stringMatching(/^\d{10}$/),
    });
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect(refused[0]?.body).toEqual({
      error: {
        code: 'RATE_LIMITED',
        message: 'Rate limit exceeded',
        retry_after: 1,
        limit: '100 requests per minute',
      },
    });
  });

  it('is 500 with the number of the request and where help is, and tells nothing of its inside', async () => {
    let isBroken = false;
    const faults: LoggedFault[] = [];
    await using api = await runApi({
      faults,
      wrapStore: (store) => ({
        ...store,
        transaction: async (work) => {
          if (isBroken) throw new Error('the disk is gone');
          return await store.transaction(work);
        },
      }),
    });
    await createClient({ baseUrl: api.url, apiKey: ADMIN_KEY }).system.health();
    isBroken = true;

    const { status, headers, body } = await askAt(`${api.url}/novacron/v1`, {
      ...{ method: 'GET', path: '/vms', token: ADMIN_KEY },
    });

    expect([status, body]).toEqual([
      500,
      {
        error: {
          code: 'INTERNAL_ERROR',
          message: 'An unexpected error occurred',
          request_id: headers.get('x-request-id'),
          support_url: '/docs/errors#internal',
        },
      },
    ]);
    expect(faults).toMatchObject([
      {
        ...{ message: 'request failed', route: '/novacron/v1/vms', requestId: headers.get('x-request-id') },
        error: { reason: 'internal.unexpected', cause: { message: 'the disk is gone' } },
      },
    ]);
  });
});
