import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DOCUMENTS, findDocument } from '../compat/documents.ts';
import { bashExamples } from '../compat/examples.ts';
import { createInstallation, type Installation, type Outcome, runToEnd, VOLARY } from './installation.ts';

/* Aetherium as its documents have it: their own examples, real machines. */

const ROOT = dirname(VOLARY);
const KEY = 'an-example-key-of-this-test-that-is-long-enough';
const document = findDocument(DOCUMENTS.aetherium[0]);
/** The first VM waits for its tools to be built, which are downloaded. */
const PATIENCE_MS = 600_000;
let here: Installation;
let base: string;

beforeAll(async () => {
  here = createInstallation('qemu', {
    ...{ VOLARY_DOCKER_SOCKET: 'off', VOLARY_LISTEN: '127.0.0.1:0,aetherium=127.0.0.1:0' },
    ...{ VOLARY_ADMIN_KEY: KEY, VOLARY_RATE_LIMIT: 'off' },
  });
  await here.must(['up', '--detach', '--no-vm']);
  const { faces }: { readonly faces: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(join(here.dataDir, 'server.json'), 'utf8'),
  );
  base = faces['aetherium'] ?? '';
});
afterAll(async () => {
  await here?.remove();
});

async function run(script: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return await runToEnd(['bash', '-c', script], { env: { ...here.env, ...env } });
}

async function ask<T>(path: string): Promise<T> {
  const answer: T = JSON.parse(await (await fetch(`${base}/api/v1${path}`, { headers: { 'X-API-Key': KEY } })).text());
  return answer;
}

interface ShownTask {
  readonly status: string;
  readonly error: string | null;
  readonly result: Readonly<Record<string, unknown>>;
}

async function finished(id: string): Promise<ShownTask> {
  await expect
    .poll(async () => (await ask<ShownTask>(`/tasks/${id}`)).status, { timeout: PATIENCE_MS, interval: 500 })
    .toMatch(/completed|failed/);
  return await ask<ShownTask>(`/tasks/${id}`);
}

describe('the examples of the documents', () => {
  it('are walked through by a script', { timeout: PATIENCE_MS }, async () => {
    const walked = await run('exec "$ROOT/examples/aetherium/walk.sh"', { BASE: base, API_KEY: KEY, ROOT });

    expect(walked).toMatchObject({ code: 0 });
    expect(walked.stderr).toBe('');
    expect(walked.stdout).toContain("Cloning into '/root/repo'...");
    expect(walked.stdout).toContain('"stdout": "hello\\n"');
    expect(walked.stdout).toMatch(/Z info execution\.completed/);
    expect(walked.stdout).toContain('"status": "deleted"');
  });

  it('run as they stand, but for the port, the key, and a tool that comes from elsewhere', {
    timeout: PATIENCE_MS,
  }, async ({ skip }) => {
    if (document === null) return skip('the document is not here (VOLARY_DOCUMENTS)');
    // Go is downloaded from a place that not every network reaches: its tool is proved elsewhere.
    const examples = bashExamples(document)
      .filter(({ script }) => script.includes('curl'))
      .map(({ script }) =>
        script
          .replaceAll('http://localhost:8080', base)
          .replaceAll('your-api-key', KEY)
          .replace('["go"]', '["git"]')
          .replace('"go": "1.23.0"', '"git": "latest"'),
      );
    expect(examples.length).toBe(3);
    const [create = '', execute = '', query = ''] = examples;

    const created: { readonly task_id: string } = JSON.parse((await run(create)).stdout);
    const { error, result } = await finished(created.task_id);
    expect(error).toBeNull();
    expect(result).toMatchObject({ name: 'claude-code-vm', status: 'running' });
    const vmId = String(result['vm_id']);

    const begun: { readonly task_id: string } = JSON.parse(
      (await run(execute.replace('VM_ID="uuid-here"', `VM_ID="${vmId}"`))).stdout,
    );
    const cloned = await finished(begun.task_id);
    // Nobody answers at that address from here; what git makes of it is its exit code, once.
    expect(cloned.status).toBe('completed');
    expect(typeof cloned.result['exit_code']).toBe('number');
    const found = JSON.parse((await run(query.replace('"vm_id": "uuid"', `"vm_id": "${vmId}"`))).stdout);
    expect(found).toEqual({ logs: expect.any(Array), total: expect.any(Number) });
  });
});

describe('a VM of aetherium', () => {
  it('has its tools in it, by the versions that it says', { timeout: PATIENCE_MS }, async () => {
    const headers = { 'X-API-Key': KEY, 'Content-Type': 'application/json' };
    const body = JSON.stringify({ name: 'tooled', vcpus: 1, memory_mb: 512 });
    const made = await fetch(`${base}/api/v1/vms`, { method: 'POST', headers, body });
    const { task_id: id }: { readonly task_id: string } = JSON.parse(await made.text());
    expect(await finished(id)).toMatchObject({ status: 'completed', error: null });
    const { vms } = await ask<{
      readonly vms: readonly { readonly name: string; readonly metadata: { readonly tools: Record<string, string> } }[];
    }>('/vms');
    const tools = vms.find(({ name }) => name === 'tooled')?.metadata.tools ?? {};
    const said = async (command: string): Promise<string> =>
      await here.must(['exec', 'tooled', '--', 'sh', '-c', command]);

    expect(Object.keys(tools).toSorted()).toEqual(['bun', 'claude-code', 'git', 'nodejs']);
    expect(await said('node --version')).toBe(`v${tools['nodejs']}`);
    expect(await said('bun --version')).toBe(tools['bun']);
    expect(await said('git --version')).toMatch(/^git version \d/);
    expect(await said('command -v claude')).toMatch(/claude$/);
  });

  it('lies where it says: its kernel, its disk and its socket are there', async () => {
    const { id: native } = JSON.parse(await here.must(['get', 'tooled', '--json']));
    const { vms } = await ask<{ readonly vms: readonly { readonly id: string; readonly name: string }[] }>('/vms');
    const shown = await ask<Readonly<Record<string, string>>>(`/vms/${vms.find(({ name }) => name === 'tooled')?.id}`);

    for (const place of ['kernel_path', 'rootfs_path', 'socket_path'])
      expect(existsSync(shown[place] ?? '')).toBe(true);
    expect(shown['rootfs_path']).toContain(native);
    const { kernel_path, rootfs_path: root_path, socket_path } = shown;
    expect(JSON.parse(await here.must(['get', 'tooled', '--places', '--json']))).toEqual({
      ...{ kernel_path, root_path, socket_path },
    });
  });
});
