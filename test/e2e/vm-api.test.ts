import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestEngine } from '../../packages/server/src/adapters/drivers/docker/docker-engine.fixture.ts';
import { DOCUMENTS, findDocument } from '../compat/documents.ts';
import { bashExamples } from '../compat/examples.ts';
import { createInstallation, type Installation, type Outcome, runToEnd, VOLARY } from './installation.ts';

/* vm-api as its document has it: its own examples, real machines and containers. */

const ROOT = dirname(VOLARY);
const engine = await startTestEngine();
const document = findDocument(DOCUMENTS['vm-api'][0]);
let here: Installation;
let base: string;

beforeAll(async () => {
  here = createInstallation('qemu', {
    VOLARY_DOCKER_SOCKET: 'whyNot' in engine ? 'off' : engine.socketPath,
    VOLARY_LISTEN: '127.0.0.1:0,vm-api=127.0.0.1:0',
  });
  await here.must(['up', '--detach', '--no-vm']);
  const { faces }: { readonly faces: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(join(here.dataDir, 'server.json'), 'utf8'),
  );
  base = faces['vm-api'] ?? '';
});
afterAll(async () => {
  await here.remove();
  if (!('whyNot' in engine)) await engine[Symbol.asyncDispose]();
});

async function run(script: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const path = `${ROOT}:${process.env['PATH'] ?? ''}`;
  return await runToEnd(['bash', '-c', script], { env: { ...here.env, PATH: path, ...env } });
}

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const headers = { 'x-user': 'alice', 'content-type': 'application/json' };
  const answer: T = JSON.parse(await (await fetch(`${base}/api/v1/workspaces${path}`, { headers, ...init })).text());
  return answer;
}

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly provider_id: string;
  readonly error_message: string | null;
  readonly connection_info: Readonly<Record<string, string>> | null;
}

async function createRunning(name: string, provider: string, ttl: number): Promise<Shown> {
  const { id } = await ask<Shown>('', { name, provider, ttl_seconds: ttl, template: 'base' });
  await expect
    .poll(async () => (await ask<Shown>(`/${id}`)).status, { timeout: 120_000, interval: 200 })
    .not.toBe('creating');
  return await ask<Shown>(`/${id}`);
}

/** Entered by the command that it tells, gone by itself, and nothing left of it. */
async function liveThrough(name: string, provider: 'qemu' | 'docker'): Promise<void> {
  const { id, status, provider_id: providerId, connection_info: info } = await createRunning(name, provider, 20);
  expect(status).toBe('running');
  expect(info).toEqual({
    ...(provider === 'docker' ? { container_id: providerId } : { vm_id: providerId }),
    ssh_command: `vm ssh ${name}`,
  });
  expect(await run(`${info?.['ssh_command']} -- hostname`)).toMatchObject({ code: 0, stdout: `${name}\n` });
  expect(JSON.parse(await here.must(['workspace', 'get', name, '--json']))).toMatchObject({ owner: 'alice', provider });
  await expect.poll(() => here.must(['ls', '-q']), { timeout: 60_000 }).toBe('');
  expect(await ask(`/${id}`)).toEqual({ error: 'Workspace not found' });
}

describe('a workspace of vm-api', () => {
  it('in a VM is entered by the command that it tells, and is gone when its time is over', async () => {
    await liveThrough('machine', 'qemu');
  });

  it('in a container is known by its id, is entered, and is gone when its time is over', async ({ skip }) => {
    if ('whyNot' in engine) return skip(engine.whyNot);
    await liveThrough('container', 'docker');
  });
});

describe('the examples of the document', () => {
  it('run as they stand, but for the port', { timeout: 600_000 }, async ({ skip }) => {
    if (document === null) return skip('the document is not here (VOLARY_DOCUMENTS)');
    const examples = bashExamples(document).map(({ title, script }) => ({
      title,
      script: script.replaceAll('http://localhost:3000', base),
    }));
    expect(examples.length).toBe(4);
    const created: Outcome = await run(
      `${examples.find(({ title }) => title.includes('Create'))?.script}\necho "$WORKSPACE_ID"`,
    );
    expect(created).toMatchObject({ code: 0, stderr: '' });
    expect(created.stdout).toContain('Status: running');
    expect(created.stdout).toContain('"ssh_command": "vm ssh test-workspace"');
    const id = created.stdout.trimEnd().split('\n').at(-1) ?? '';

    for (const { title, script } of examples.filter((example) => !example.title.includes('Create'))) {
      const outcome = await run(script, { WORKSPACE_ID: id });
      expect(outcome.code, `${title}: ${outcome.stderr}`).toBe(0);
      const answer = JSON.parse(outcome.stdout);
      if (title.includes('Delete')) expect(answer).toEqual({ message: 'Workspace deleted' });
      else if (title.includes('List'))
        expect(answer).toMatchObject([{ id, name: 'test-workspace', status: 'running' }]);
      else expect(answer).toEqual([]);
    }
  });

  it('are walked through by a script', { timeout: 300_000 }, async () => {
    const provider = 'whyNot' in engine ? 'qemu' : 'docker';
    const walked = await run('examples=$ROOT/examples; exec "$examples/vm-api/walk.sh"', {
      ...{ BASE: base, PROVIDER: provider, TEMPLATE: 'base', TTL: '15', ROOT },
    });

    expect(walked).toMatchObject({ code: 0, stderr: '' });
    expect(walked.stdout).toMatch(/hello from walk-\d+/);
    expect(walked.stdout).toContain('"error": "Workspace not found"');
    expect(walked.stdout).toContain('"message": "Workspace deleted"');
  });
});

describe('volary vm-api', () => {
  it('serves the dialect alone, with its database at home, where vm ssh finds it', async () => {
    const home = mkdtempSync(join(tmpdir(), 'volary-test-vm-api-'));
    const { VOLARY_DATA_DIR: _dataDir, VOLARY_LISTEN: _listen, ...rest } = here.env;
    const env = { ...rest, HOME: home };
    const server = spawn(VOLARY, ['vm-api', '--listen', '127.0.0.1:0', '--driver', 'simulated'], {
      env,
      stdio: 'ignore',
    });
    const ended = once(server, 'exit');
    try {
      const file = join(home, '.vm/api/server.json');
      await expect.poll(() => existsSync(file), { timeout: 60_000 }).toBe(true);
      const { faces }: { readonly faces: Readonly<Record<string, string>> } = JSON.parse(readFileSync(file, 'utf8'));
      const url = `${faces['vm-api']}/api/v1/workspaces`;
      const headers = { 'x-user': 'alice', 'content-type': 'application/json' };
      const made = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ name: 'mine' }) });

      expect(made.status).toBe(200);
      expect((await fetch(`${faces['vm-api']}/v1/vms`, { headers })).status).toBe(404);
      expect(existsSync(join(home, '.vm/api/vm.db'))).toBe(true);
      const ls = await runToEnd([VOLARY, 'wait', 'mine'], { env });
      expect(ls).toMatchObject({ code: 0 });
      expect(await runToEnd([join(ROOT, 'vm'), 'ssh', 'mine', '--', 'echo hi'], { env })).toMatchObject({
        code: 0,
        stdout: 'hi\n',
      });
    } finally {
      server.kill('SIGTERM');
      await ended;
      rmSync(home, { recursive: true });
    }
  });
});
