import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, runServer } from '../../packages/server/src/api/testing/run-server.ts';
import { DOCUMENTS, findDocument } from './documents.ts';
import { bashExamples } from './examples.ts';

/* The examples of Volant's document, as they stand but for the port, on simulated VMs. */

const document = findDocument(DOCUMENTS.volant[0]);
const EXAMPLES = document === null ? [] : bashExamples(document);
/** What has no end is read as far as it is told; no generator of others is fetched for this. */
const ENDLESS = 'Stream VM Lifecycle Events';
const GENERATOR = '# Generate client SDK';

let server: RunningServer;
let root: string;
let folder: string;

beforeAll(async () => {
  server = await runServer({ VOLARY_SIMULATED_HOST: 'cpus: 64, memory_mib: 1048576, disk_gib: 16384' }, [
    '--listen',
    'volant=127.0.0.1:0',
  ]);
  root = server.faces['volant'] ?? '';
  folder = mkdtempSync(join(tmpdir(), 'volary-test-volant-'));
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ name: 'my-app', version: '1.0.0' }));
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs it, until it has said enough if that is asked for. */
async function run(
  script: string,
  isEnough?: (said: string) => boolean,
): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn('bash', ['-c', script.replaceAll('http://localhost:8080', root)], {
    cwd: folder,
    detached: true,
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (isEnough?.(said) === true && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  });
  return await new Promise((resolve) => child.once('close', (code) => resolve({ code, said })));
}

async function ask(method: string, path: string, body?: object): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  return (await fetch(`${root}/api/v1${path}`, init)).status;
}

/** What the document takes for granted before an example: that it is there, or is as it says. */
async function prepare(title: string): Promise<void> {
  const plugin = 'nginx-alpine';
  if (title.startsWith('Plugins, Remove')) {
    for (const path of ['/deployments/web', '/deployments/api', '/vms/my-vm?force=true', '/vms/test-vm?force=true'])
      await ask('DELETE', path);
    return;
  }
  await ask('POST', '/plugins', {
    name: plugin,
    version: '1.0.0',
    workload: { type: 'http', port: 80 },
    openapi: { openapi: '3.0.3' },
  });
  await ask('POST', '/vms', { name: 'my-vm', plugin });
  await ask('POST', '/deployments', { name: 'api', plugin, replicas: 1 });
  if (title.includes('Start VM')) expect(await ask('POST', '/vms/my-vm/stop?force=true')).toBe(200);
}

describe('the examples of the document', () => {
  it('are all there', ({ skip }) => {
    if (document === null) return skip('the document is not here (VOLARY_DOCUMENTS)');
    expect(EXAMPLES.length).toBe(25);
  });

  for (const { title, script } of EXAMPLES.filter((example) => !example.title.includes(ENDLESS))) {
    it(`run: ${title}`, async () => {
      await prepare(title);
      const { code, said } = await run(script.split(GENERATOR)[0] ?? '');

      expect(code).toBe(0);
      // Of two stops the second one finds it stopped.
      const faults = said.match(/"code":"\w+"/g) ?? [];
      expect(faults).toEqual(title.includes('Stop VM') ? ['"code":"vm_already_stopped"'] : []);
    });
  }

  it('follow events as they stand', async ({ skip }) => {
    const example = EXAMPLES.find(({ title }) => title.includes(ENDLESS));
    if (example === undefined) return skip('the document is not here (VOLARY_DOCUMENTS)');
    const [first = '', second = ''] = example.script.split('# Process events with jq');

    // They are told of what comes after they have begun to listen; curl alone waits until it has some kilobytes to write.
    let made = 0;
    const making = setInterval(() => {
      made += 1;
      void ask('POST', '/vms', { name: `told-${made}`, plugin: 'nodejs' });
    }, 50);
    const raw = await run(first, (text) => text.includes('event: vm.created'));
    const { said } = await run(second, (text) => text.includes('}'));
    clearInterval(making);

    expect(raw.said).toMatch(/^: 15 s\nid: \d+\n/);
    expect(JSON.parse(said.slice(0, said.indexOf('}') + 1))).toMatchObject({
      name: expect.stringMatching(/./),
      timestamp: expect.any(String),
    });
  });
});
