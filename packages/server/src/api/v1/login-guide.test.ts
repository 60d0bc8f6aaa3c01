import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createClient, logIn } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';

/* The guide's examples of how others verify our tokens, by programs that are none of ours. */

const run = promisify(execFile);
const REPOSITORY_ROOT = resolve(import.meta.dirname, '../../../../..');
const GUIDE = readFileSync(join(REPOSITORY_ROOT, 'docs/guide/login.md'), 'utf8');
const PASSWORD = 'brisk umbrella 7';

let server: RunningServer;
let directory: string;
let env: Record<string, string>;
let userId: string;
beforeAll(async () => {
  server = await runServer();
  directory = mkdtempSync(join(tmpdir(), 'volary-test-guide-'));
  symlinkSync(join(REPOSITORY_ROOT, 'node_modules'), join(directory, 'node_modules'));
  const client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  const { name, id } = await client.users.create({ name: 'ann', password: PASSWORD });
  const { access_token } = await logIn({ baseUrl: server.url }, { name, password: PASSWORD });
  env = { PATH: process.env['PATH'] ?? '', VOLARY_URL: server.url, TOKEN: access_token };
  userId = id;
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

/** The last example of this kind: those before are of other things. */
function example(language: string): string {
  const found = [...GUIDE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].at(-1);
  return found?.[1] ?? '';
}

/** The token with another user's name in it, signature and all. */
function forged(): Record<string, string> {
  const [header, payload, signature] = env['TOKEN']?.split('.') ?? [];
  const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString());
  const other = Buffer.from(JSON.stringify({ ...claims, sub: 'usr_01kahx6z4zf8r9y6m3s2t1v0wz' })).toString('base64url');
  return { ...env, TOKEN: `${header}.${other}.${signature}` };
}

describe('the guide', () => {
  it('shows how jose verifies a token', async () => {
    const file = join(directory, 'verify.mjs');
    writeFileSync(file, example('js'));

    expect((await run(process.execPath, [file], { env })).stdout).toContain(`given to ${userId} in session sess_`);
    await expect(run(process.execPath, [file], { env: forged() })).rejects.toThrow('signature verification failed');
  });

  it('shows how openssl verifies a token', async () => {
    const options = { cwd: directory };

    expect((await run('sh', ['-ec', example('sh')], { ...options, env })).stdout).toBe('Verified OK\n');
    await expect(run('sh', ['-ec', example('sh')], { ...options, env: forged() })).rejects.toMatchObject({ code: 1 });
  });
});
