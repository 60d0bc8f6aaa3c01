import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../../packages/server/src/api/testing/run-server.ts';
import { makeCertificate } from '../../packages/server/src/lib/testing/certificates.ts';
import { DOCUMENTS, findDocument } from './documents.ts';
import { type Example, programsIn } from './examples.ts';
import { type Running, startProgram, whyNotRun } from './run-program.ts';

/* The examples in JavaScript, Python and Go, as they stand but for the address and the key, by the clients that they are written for. */

const HOST = 'cpus: 64, memory_mib: 1048576, disk_gib: 16384';
const NO_DOCUMENT = 'the document is not here (VOLARY_DOCUMENTS)';
const PROGRAMS = Object.values(DOCUMENTS)
  .flat()
  .flatMap((digest) => programsIn(findDocument(digest) ?? ''));

let server: RunningServer;
let client: VolaryClient;
let root: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'volary-test-programs-'));
  const faces = ['aetherium', 'volant'].flatMap((face) => ['--listen', `${face}=127.0.0.1:0`]);
  server = await runServer({ VOLARY_SIMULATED_HOST: HOST }, faces);
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  const made = await fetch(`${server.faces['volant']}/api/v1/plugins`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'nginx-alpine', version: '1.0.0', workload: { type: 'http', port: 80 } }),
  });
  expect(made.status).toBe(201);
  await client.vms.create({ name: 'my-vm', template: 'nginx-alpine' });
  await client.vms.wait('my-vm', { phase: 'running' });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

/** The example of a language below these headings; null where its document is not at hand. */
function find(language: Example['language'], title: string): Example | null {
  return PROGRAMS.find((example) => example.language === language && example.title === title) ?? null;
}

/** Starts it with these parts of its text filled in, each of which has to be there. */
function start(
  { language, script }: Example,
  filledIn: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Running {
  for (const part of Object.keys(filledIn)) expect(script).toContain(part);
  const text = Object.entries(filledIn).reduce((sum, [part, value]) => sum.replaceAll(part, value), script);
  const running = startProgram({ language, script: text }, mkdtempSync(join(root, 'program-')), env);
  onTestFinished(() => running.stop());
  return running;
}

/** Has something happen again and again until a program that listens has said enough: nobody knows when it has begun to. */
async function happenUntil(program: Running, isEnough: RegExp, happen: () => Promise<unknown>): Promise<string> {
  while (!isEnough.test(program.said())) {
    await happen();
    if (program.hasEnded()) throw new Error(`The program ended: ${program.said()}`);
  }
  return program.said();
}

/** Volant's examples in other languages: they print the VMs that there are, and make one. `nothing` is how their language writes null. */
async function expectListAndCreation(example: Example, nothing: string): Promise<void> {
  const program = start(example, { 'http://localhost:8080': server.faces['volant'] ?? '' });
  const { code, said } = await program.ended;

  const { template } = await client.vms.get('test-vm');
  await client.operations.finish((await client.vms.delete('test-vm')).id);
  expect({ code, said }).toMatchObject({ code: 0 });
  expect(template).toMatchObject({ name: 'nginx-alpine' });
  const { ip } = await client.vms.get('my-vm');
  // The one that asks for both at once may see the new one among the others.
  const lines = said.split('\n').filter((line) => !line.startsWith('test-vm: '));
  expect(lines.toSorted()).toEqual(['', 'Created: test-vm', `my-vm: running (${ip ?? nothing})`]);
}

describe('JavaScript', { timeout: 90_000 }, () => {
  it('follows the log of Aetherium by a WebSocket', async ({ skip }) => {
    const example = find('javascript', 'WebSocket Log Streaming 1');
    if (example === null) return skip(NO_DOCUMENT);
    const base = server.faces['aetherium'] ?? '';
    const listed = await fetch(`${base}/api/v1/vms`, { headers: { 'X-API-Key': ADMIN_KEY } });
    const { vms }: { readonly vms: readonly { readonly id: string }[] } = JSON.parse(await listed.text());

    const program = start(example, {
      'ws://localhost:8080': base.replace('http', 'ws'),
      'vm_id=uuid': `vm_id=${vms[0]?.id}&api_key=${encodeURIComponent(ADMIN_KEY)}`,
    });
    const said = await happenUntil(program, /execution\.completed/, () =>
      client.executions.run('my-vm', { command: 'true' }),
    );

    expect(said).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ info execution\.completed/m);
  });

  it('follows the events of Volant by an EventSource', async ({ skip }) => {
    const example = find('javascript', 'Events, Stream VM Lifecycle Events 1');
    if (example === null) return skip(NO_DOCUMENT);

    const program = start(example, { 'http://localhost:8080': server.faces['volant'] ?? '' });
    const said = await happenUntil(program, /VM started: my-vm [\s\S]*VM stopped: my-vm\n/, async () => {
      await client.operations.finish((await client.vms.stop('my-vm', { force: true })).id);
      await client.operations.finish((await client.vms.start('my-vm')).id);
    });

    expect(said).toContain('VM started: my-vm');
    await client.vms.wait('my-vm', { phase: 'running' });
  });

  it('asks Volant by axios', async ({ skip }) => {
    const example = find('javascript', 'SDK Examples, JavaScript/Node.js 1');
    if (example === null) return skip(NO_DOCUMENT);

    await expectListAndCreation(example, 'null');
  });

  it('follows the events of NovaCron by a WebSocket, over TLS 1.3', async ({ skip }) => {
    const example = find('javascript', 'WebSocket Events, WS /ws/events 1');
    if (example === null) return skip(NO_DOCUMENT);
    const { certPath, keyPath } = await makeCertificate(root, 'server');
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(certPath, 'utf8')]);
    await using secure = await runServer(
      {
        ...{ VOLARY_TLS_CERT: certPath, VOLARY_TLS_KEY: keyPath, VOLARY_TLS_MIN_VERSION: '1.3' },
        VOLARY_SIMULATED_HOST: HOST,
      },
      ['--listen', 'novacron=127.0.0.1:0'],
    );
    const base = secure.faces['novacron'] ?? '';
    const admin = createClient({ baseUrl: secure.url, apiKey: ADMIN_KEY });
    const user = { email: 'admin@example.com', password: 'SecurePassword123!' };
    await admin.users.create({ name: 'ann', roles: ['admin'], ...user });
    const login = await fetch(`${base}/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(user),
    });
    const { token }: { readonly token: string } = JSON.parse(await login.text());
    await admin.vms.create({ name: 'watched' });
    await admin.vms.wait('watched', { phase: 'running' });
    const { id } = await admin.vms.get('watched');

    // It says nothing of what it is told: a line is added to it that does.
    const program = start(
      { ...example, script: `${example.script}\nws.onmessage = (event) => console.log(event.data);` },
      { 'wss://api.novacron.io': base.replace('https', 'wss'), 'eyJhbGciOiJSUzI1NiIs...': token },
      { NODE_EXTRA_CA_CERTS: certPath },
    );
    const said = await happenUntil(program, /"new_status":"stopped"/, async () => {
      await admin.operations.finish((await admin.vms.stop('watched', { force: true })).id);
      await admin.operations.finish((await admin.vms.start('watched')).id);
    });

    const messages = said.split('\n').slice(0, -1);
    expect(messages.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({
        type: 'vm.status.changed',
        data: { vm_id: id, old_status: 'stopping', new_status: 'stopped', reason: 'user_initiated' },
      }),
    );
  });
});

describe('Python', { timeout: 90_000 }, () => {
  it('asks Volant by requests', async ({ skip }) => {
    const example = find('python', 'SDK Examples, Python 1');
    if (example === null) return skip(NO_DOCUMENT);
    const whyNot = whyNotRun('python');
    if (whyNot !== null) return skip(whyNot);

    await expectListAndCreation(example, 'None');
  });
});

describe('Go', () => {
  it('asks Volant by net/http', { timeout: 300_000 }, async ({ skip }) => {
    const example = find('go', 'SDK Examples, Go 1');
    if (example === null) return skip(NO_DOCUMENT);
    const whyNot = whyNotRun('go');
    if (whyNot !== null) return skip(whyNot);

    await expectListAndCreation(example, '');
  });
});
