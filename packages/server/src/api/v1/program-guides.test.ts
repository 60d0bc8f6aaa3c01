import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';

/* The programs in docs/guide/sdk.md, agents.md and vm-fields.md, run as they are printed by a user who may do no more than its own. */

const run = promisify(execFile);
const REPOSITORY_ROOT = resolve(import.meta.dirname, '../../../../..');

let server: RunningServer;
let directory: string;
let env: Record<string, string>;
beforeAll(async () => {
  server = await runServer();
  directory = mkdtempSync(join(tmpdir(), 'volary-test-guide-'));
  symlinkSync(join(REPOSITORY_ROOT, 'node_modules'), join(directory, 'node_modules'));
  const client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  await client.users.create({ name: 'agents', roles: ['member'] });
  const { key } = await client.apiKeys.create({ name: 'agents', owner: 'agents' });
  env = { PATH: process.env['PATH'] ?? '', VOLARY_URL: server.url, VOLARY_KEY: key };
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

function examplesOf(page: string, language: string): readonly string[] {
  const guide = readFileSync(join(REPOSITORY_ROOT, 'docs/guide', page), 'utf8');
  return [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  );
}

async function runProgram(text: string | undefined): Promise<string> {
  const file = join(directory, 'program.mjs');
  writeFileSync(file, text ?? '');
  return (await run(process.execPath, [file], { env })).stdout;
}

describe('docs/guide/sdk.md', () => {
  const [first, streaming, errors, ...others] = examplesOf('sdk.md', 'js');

  it('shows a first program', async () => {
    expect(await runProgram(first)).toBe('0 hello\n\nkept in the VM\n');
  });

  it('shows how output and events are streamed', async () => {
    const printed = await runProgram(streaming);

    expect(printed).toContain('stdout: one\ntwo\n');
    expect(printed).toContain('stderr: done\n');
    expect(printed).toMatch(/\d+ vm\.started\n$/);
  });

  it('shows how errors are told apart', async () => {
    expect(await runProgram(errors)).toBe('404 vm.unknown false\n');
    expect(others).toEqual([]);
  });
});

describe('docs/guide/agents.md', () => {
  it('shows a sandbox with curl', async () => {
    const [script = ''] = examplesOf('agents.md', 'sh');

    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], { env });

    expect(stdout).toContain('"exit_code":0');
    expect(stdout).toMatch(/from the agent$/);
  });

  it('shows a sandbox with the SDK', async () => {
    const printed = await runProgram(examplesOf('agents.md', 'js')[0]);

    expect(printed).toContain('exit_code: 3');
    expect(printed).toContain('remember the milk');
  });
});

describe('docs/guide/vm-fields.md', () => {
  it('shows a VM with many fields', async () => {
    const { stdout } = await run('bash', ['-ec', examplesOf('vm-fields.md', 'sh')[0] ?? ''], { env });

    expect(JSON.parse(stdout)).toMatchObject({ name: 'web', phase: 'running', disk_gib: 10 });
  });
});
