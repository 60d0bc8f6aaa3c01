import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createClient, type VolaryClient } from '@volary/sdk';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findProgram } from '../../packages/cli/src/setup/find-tools.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../../packages/server/src/api/testing/run-server.ts';

/* A real browser follows what happens by its own WebSocket and EventSource, while VMs are made through another face. */

const USER = { email: 'admin@example.com', password: 'four quiet herons' };
const HOST = 'cpus: 64, memory_mib: 1048576, disk_gib: 16384';
const chromiumPath = await findProgram('chromium', process.env);
/** Nothing of what a browser asks for by itself goes anywhere; as root it has no sandbox. */
const FLAGS = [
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
  '--disable-crash-reporter',
];

if (chromiumPath === null) {
  it('a browser follows what happens', ({ skip }) => skip('Chromium is not here (Debian: chromium)'));
} else {
  describe('a browser', { timeout: 90_000 }, () => {
    let server: RunningServer;
    let client: VolaryClient;
    let browser: Browser;
    /** Servers of pages: of the origin that is allowed, and of another one. */
    let allowed: Server;
    let foreign: Server;

    beforeAll(async () => {
      allowed = await servePage();
      foreign = await servePage();
      const faces = ['aetherium', 'volant', 'novacron'].flatMap((face) => ['--listen', `${face}=127.0.0.1:0`]);
      server = await runServer({ VOLARY_SIMULATED_HOST: HOST, VOLARY_ALLOWED_ORIGINS: originOf(allowed) }, faces);
      client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
      await client.users.create({ name: 'ann', roles: ['admin'], ...USER });
      browser = await chromium.launch({ executablePath: chromiumPath, chromiumSandbox: false, args: FLAGS });
    });
    afterAll(async () => {
      await browser?.close();
      await server?.[Symbol.asyncDispose]();
      for (const page of [allowed, foreign]) await new Promise((resolve) => page.close(resolve));
    });

    /** Opens a page that runs a script, and collects what the script passes to `tell`. */
    async function open(
      pages: Server,
      script: string,
    ): Promise<{ readonly told: readonly Told[]; readonly page: Page }> {
      const page = await browser.newPage();
      const told: Told[] = [];
      await page.exposeFunction('tell', (message: Told) => told.push(message));
      await page.goto(originOf(pages));
      await page.addScriptTag({ content: script });
      onTestFinished(() => page.close());
      return { told, page };
    }

    const socketAt = (face: string, path: string): string => `${server.faces[face]?.replace('http', 'ws')}${path}`;
    const ways: readonly { readonly how: string; readonly connect: (url: string) => string }[] = [
      {
        how: 'in its address',
        connect: (url) => `ws = new WebSocket('${url}?api_key=${encodeURIComponent(ADMIN_KEY)}');`,
      },
      {
        how: 'as a protocol',
        connect: (url) => `ws = new WebSocket('${url}', ['bearer.${encodeURIComponent(ADMIN_KEY)}']);`,
      },
      {
        how: 'in its first message',
        connect: (url) => `ws = new WebSocket('${url}');
          ws.onopen = () => ws.send(JSON.stringify({ type: 'authenticate', api_key: '${ADMIN_KEY}' }));`,
      },
    ];

    it.each(ways)(
      'follows Aetherium by a WebSocket that says who asks $how, while Volant makes a VM',
      async ({ connect }) => {
        const { told } = await open(allowed, `let ${connect(socketAt('aetherium', '/api/v1/ws'))} ${TELL_MESSAGES}`);
        await untilTold(told, ({ type }) => type === 'subscribed');
        const name = nextName();
        const made = await fetch(`${server.faces['volant']}/api/v1/vms`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ name, plugin: 'base' }),
        });
        expect(made.status).toBe(201);

        const { data } = await untilTold(
          told,
          ({ type, data }) => type === 'vm_status' && data?.['name'] === name && data['status'] === 'running',
        );
        const shown = await fetch(`${server.faces['aetherium']}/api/v1/vms/${data?.['id']}`, {
          headers: { 'X-API-Key': ADMIN_KEY },
        });
        expect(JSON.parse(await shown.text())).toMatchObject({ name });
      },
    );

    it('follows NovaCron by a WebSocket that says who asks in its first message, while Aetherium makes a VM', async () => {
      const login = await fetch(`${server.faces['novacron']}/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(USER),
      });
      const { token }: { readonly token: string } = JSON.parse(await login.text());
      const { told } = await open(
        allowed,
        `const ws = new WebSocket('${socketAt('novacron', '/v1/ws/events')}');
        ws.onopen = () => ws.send(JSON.stringify({ type: 'authenticate', token: 'Bearer ${token}' })); ${TELL_MESSAGES}`,
      );
      await untilTold(told, ({ type }) => type === 'authenticated');
      const name = nextName();
      const made = await fetch(`${server.faces['aetherium']}/api/v1/vms`, {
        method: 'POST',
        headers: { 'X-API-Key': ADMIN_KEY, 'content-type': 'application/json' },
        body: JSON.stringify({ name, vcpus: 1, memory_mb: 256 }),
      });
      expect(made.status).toBe(202);

      const { data } = await untilTold(
        told,
        ({ type, data }) => type === 'vm.status.changed' && data?.['new_status'] === 'running',
      );
      expect((await client.vms.get(name)).id).toBe(data?.['vm_id']);
    });

    it('follows Volant by an EventSource without a key, while NovaCron makes a VM', async () => {
      const { told } = await open(
        allowed,
        `const source = new EventSource('${server.faces['volant']}/api/v1/events/vms'); ${TELL_EVENTS}`,
      );
      await untilTold(told, ({ type }) => type === 'open');
      const name = nextName();
      const made = await fetch(`${server.faces['novacron']}/v1/vms`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          name,
          template_id: 'base',
          hypervisor: 'simulated',
          resources: { cpu: 1, memory_gb: 0.5, storage_gb: 4 },
        }),
      });
      expect(made.status).toBe(201);
      await untilTold(told, ({ type, data }) => type === 'vm.started' && data?.['name'] === name);
      await client.operations.finish((await client.vms.delete(name)).id);
      await untilTold(told, ({ type, data }) => type === 'vm.deleted' && data?.['name'] === name);

      const kinds = told.filter(({ data }) => data?.['name'] === name).map(({ type }) => type);
      expect(kinds).toEqual(['vm.created', 'vm.started', 'vm.deleted']);
    });

    it('is told nothing where its page is of another origin, whatever it sends', async () => {
      const url = socketAt('aetherium', `/api/v1/ws?api_key=${encodeURIComponent(ADMIN_KEY)}`);
      const socket = await open(foreign, `const ws = new WebSocket('${url}'); ${TELL_MESSAGES}`);
      const events = await open(
        foreign,
        `const source = new EventSource('${server.faces['volant']}/api/v1/events/vms'); ${TELL_EVENTS}`,
      );
      await client.vms.create({ name: nextName() });

      expect(await untilTold(socket.told, ({ type }) => type === 'closed')).toEqual({ type: 'closed', code: 1006 });
      // Closed for good: a browser does not try again.
      expect(await untilTold(events.told, ({ type }) => type === 'error')).toEqual({ type: 'error', state: 2 });
      expect([...socket.told, ...events.told]).toHaveLength(2);
    });
  });
}

interface Told {
  readonly type: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** What a page does with what it is sent: in the page's own language. */
const TELL_MESSAGES = `
  ws.onmessage = ({ data }) => tell(JSON.parse(data));
  ws.onclose = ({ code }) => tell({ type: 'closed', code });`;
const TELL_EVENTS = `
  source.onopen = () => tell({ type: 'open' });
  source.onerror = () => tell({ type: 'error', state: source.readyState });
  for (const type of ['vm.created', 'vm.started', 'vm.deleted'])
    source.addEventListener(type, ({ data }) => tell({ type, data: JSON.parse(data) }));`;

async function untilTold(told: readonly Told[], isIt: (message: Told) => boolean): Promise<Told> {
  await expect.poll(() => told.some(isIt), { timeout: 80_000, interval: 20 }).toBe(true);
  return told.find(isIt) ?? { type: 'none' };
}

let names = 0;
function nextName(): string {
  names += 1;
  return `seen-${names}`;
}

async function servePage(): Promise<Server> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>A page</title>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function originOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the page is served nowhere');
  return `http://127.0.0.1:${address.port}`;
}
