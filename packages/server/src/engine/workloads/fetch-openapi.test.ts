import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../domain/principal/principal.ts';
import { INTERFACE_LIMITS } from '../../domain/workload/interface.ts';
import type { AskedTemplate } from '../apis/template-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { finish, request, soon } from '../vm-life.test-kit.ts';

const ALICE = principalWith('alice', 'vm:*', 'template:*');
const DOCUMENT = { openapi: '3.0.3', info: { title: 'Site', version: '1' }, paths: {} };
const YAML = 'openapi: 3.0.3 # of the site\ninfo: {title: Site, version: "1"}\npaths: {}\n';

let installation: Installation;
let server: TestServer;
let site: Server;
/** What the site answers, and how often it was asked. */
let body: string;
let status: number;
let asked: number;

beforeEach(async () => {
  [body, status, asked] = [JSON.stringify(DOCUMENT), 200, 0];
  site = createServer((_, response) => {
    asked += 1;
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => site.listen(0, resolve));
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
  site.closeAllConnections();
  await new Promise((resolve) => site.close(resolve));
});

/** At 127.0.0.2, which the operator of this installation allows for downloads; no other address of this machine. */
function url(host = '127.0.0.2'): string {
  const address = site.address();
  if (address === null || typeof address === 'string') throw new Error('the site does not listen');
  return `http://${host}:${address.port}/openapi`;
}

const source = (at: string) => ({ kind: 'url', url: at }) as const;

async function make(at: string, principal: Principal = ALICE) {
  const asked = { ...request('bird', {}, false), spec: { openapi: source(at) } };
  return await server.engine.vms.create(principal, asked);
}

describe('an OpenAPI document of another server', () => {
  it.each([
    ['JSON', JSON.stringify(DOCUMENT)],
    ['YAML', YAML],
  ])('is fetched as %s when a VM is made, and kept with it', async (_, sent) => {
    body = sent;

    const { vm } = await make(url());

    expect(vm.spec.openapi).toEqual({ kind: 'document', document: DOCUMENT });
    site.closeAllConnections();
    status = 500;
    expect(await server.engine.workloadInterfaces.openapi(ALICE, 'bird', soon)).toEqual(DOCUMENT);
    expect(asked).toBe(1);
  });

  it('is kept with the version of a template, as it was then', async () => {
    const template: AskedTemplate = {
      ...{ name: 'web', version: '1', description: '', isEnabled: true },
      content: { spec: { openapi: source(url()) }, image: null, tools: [], labels: {} },
    };
    await finish(server, await server.engine.templates.create(ALICE, template));
    body = JSON.stringify({ ...DOCUMENT, info: { title: 'Another', version: '2' } });

    const { vm } = await server.engine.vms.create(ALICE, { ...request('bird', {}, false), template: 'web' });

    expect(vm.spec.openapi).toEqual({ kind: 'document', document: DOCUMENT });
    expect(asked).toBe(1);
  });

  it('takes the place of what a VM had', async () => {
    await server.engine.vms.create(ALICE, request('bird', {}, false));

    const { vm } = await server.engine.vms.update(ALICE, 'bird', { spec: { openapi: source(url()) } }, {});

    expect(vm.spec.openapi).toEqual({ kind: 'document', document: DOCUMENT });
  });

  it.each([
    ['no document', 'just text', 'openapi.not_openapi'],
    ['JSON that is none', '{"title": "Site"}', 'openapi.not_openapi'],
    ['a list', '["openapi"]', 'openapi.not_openapi'],
    ['of a version to come', '{"openapi": "4.0.0"}', 'openapi.not_openapi'],
    ['broken', '{"openapi": "3.0.3"', 'document.unreadable'],
    ['deep', `{"openapi": ${'['.repeat(9_999)}${']'.repeat(9_999)}}`, 'document.unreadable'],
    ['a bomb', `a: &a [1,1]\nb: &b [${'*a,'.repeat(99)}1]\nc: [${'*b,'.repeat(99)}1]\n`, 'document.unreadable'],
    ['huge', ' '.repeat(INTERFACE_LIMITS.openapiFetchedBytes + 1), 'download.too_large'],
    [
      'more than is kept',
      JSON.stringify({ ...DOCUMENT, info: 'x'.repeat(INTERFACE_LIMITS.openapiBytes) }),
      'workload.invalid',
    ],
  ])('that is %s is refused, and nothing is made', async (_, sent, reason) => {
    body = sent;

    await expect(make(url())).rejects.toMatchObject({ reason });

    expect((await server.engine.vms.list(ALICE, { limit: 9, after: null })).items).toEqual([]);
  });

  it('that cannot be had is told as what it is', async () => {
    status = 404;
    await expect(make(url())).rejects.toMatchObject({ code: 'failed_precondition', reason: 'download.refused' });
    status = 503;
    await expect(make(url())).rejects.toMatchObject({ code: 'unavailable', reason: 'download.unavailable' });
  });

  it('is asked for on this machine only for whoever may import from it', async () => {
    await expect(make(url('127.0.0.1'))).rejects.toMatchObject({ reason: 'download.target_refused' });
    expect(asked).toBe(0);

    const { vm } = await make(url('127.0.0.1'), ADMIN);

    expect(vm.spec.openapi).toEqual({ kind: 'document', document: DOCUMENT });
  });
});
