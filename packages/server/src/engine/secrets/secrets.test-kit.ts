import type { Principal } from '../../domain/principal/principal.ts';
import type { GrantRequest } from '../../domain/secret/grant.ts';
import type { Secret } from '../../domain/secret/secret.ts';
import { ADMIN, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { finish, request, soon } from '../vm-life.test-kit.ts';

export const ANN = principalWith('ann', '*@own', 'image:read');
export const BOB = principalWith('bob', '*@own', 'image:read');

/** Not a word that stands anywhere by chance. */
export const VALUE = 'xyzzy-plugh-8f3a';
export const NEXT_VALUE = 'plover-rezrov-51c7';

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export async function keep(
  { engine }: TestServer,
  name: string,
  value: string | Uint8Array = VALUE,
  owner: Principal = ADMIN,
): Promise<Secret> {
  const given = typeof value === 'string' ? bytes(value) : value;
  return await engine.secrets.create(owner, { name, value: given, description: '', labels: {} });
}

export function grant(ref: string, change: Partial<GrantRequest> = {}): GrantRequest {
  return { ref, env: null, file: null, ...change };
}

export function fileGrant(ref: string, name = 'token', mode = 0o400): GrantRequest {
  return grant(ref, { file: { path: `/run/secrets/${name}`, mode } });
}

/** Makes a VM that is given these, and waits for what comes of it. */
export async function createGiven(
  server: TestServer,
  name: string,
  secrets: readonly GrantRequest[],
  owner: Principal = ADMIN,
) {
  const { operation } = await server.engine.vms.create(owner, { ...request(name), secrets });
  return await finish(server, operation);
}

/** What a command of the VM prints. */
export async function run(
  { engine }: TestServer,
  vm: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const command = { argv, env, cwd: '', user: '', tty: null, hasStdin: false, timeoutMs: 0 };
  const session = await engine.executions.start(ADMIN, vm, command, soon);
  let said = '';
  for await (const update of session.updates)
    if (update.kind === 'output') said += new TextDecoder().decode(update.bytes);
  return said;
}

/** Its variables, by name. */
export async function environment(server: TestServer, vm: string, env: Readonly<Record<string, string>> = {}) {
  const lines = (await run(server, vm, ['env'], env)).split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** Name, mode and content of each file that it is given; null without a directory for them. */
export async function files({ engine }: TestServer, vm: string) {
  const directory = '/run/secrets';
  const listed = await engine.files.list(ADMIN, vm, directory, { ...soon, limit: 100 }).catch((error: unknown) => {
    if (error instanceof Error && 'reason' in error && error.reason === 'guest.no_such_file') return null;
    throw error;
  });
  if (listed === null) return null;
  const found: Record<string, { readonly mode: number; readonly content: string }> = {};
  for (const { name, mode } of listed.files) {
    const { content } = await engine.files.read(ADMIN, vm, `${directory}/${name}`, soon);
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part);
    found[name] = { mode, content: new TextDecoder().decode(Buffer.concat(parts)) };
  }
  return found;
}
