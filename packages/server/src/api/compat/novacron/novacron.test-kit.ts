import { createHmac } from 'node:crypto';
import { createClient, type VolaryClient } from '@volary/sdk';
import { ADMIN_KEY, type RunningServer, runServer } from '../../testing/run-server.ts';

export const PASSWORD = 'four quiet herons';
export const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** A server with NovaCron at the root of a listener of its own, and a user who has logged in. */
export interface NovacronServer extends AsyncDisposable {
  readonly server: RunningServer;
  /** As the document has it: with the version. */
  readonly base: string;
  readonly client: VolaryClient;
  /** The token of an administrator with an address and a password. */
  readonly token: string;
  ask<T>(method: string, path: string, body?: unknown, token?: string | null): Promise<Answer<T>>;
  /** The id of a VM that is made by `/v1`, and runs unless something else is waited for. */
  make(name: string, more?: Readonly<Record<string, unknown>>): Promise<string>;
}

export async function startNovacron(settings: Readonly<Record<string, string>> = {}): Promise<NovacronServer> {
  const server = await runServer(
    {
      VOLARY_SIMULATED_HOST: 'cpus: 64, memory_mib: 1048576, disk_gib: 16384',
      VOLARY_RATE_LIMITS: 'novacron: off',
      ...settings,
    },
    ['--listen', 'novacron=127.0.0.1:0'],
  );
  const client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  await client.users.create({ name: 'ann', email: 'admin@example.com', password: PASSWORD, roles: ['admin'] });
  const base = `${server.faces['novacron']}/v1`;
  const { body } = await askAt<{ readonly token: string }>(base, {
    ...{ method: 'POST', path: '/auth/login', token: null },
    body: { email: 'admin@example.com', password: PASSWORD },
  });
  return {
    ...{ server, base, client, token: body.token },
    ask: async <T>(method: string, path: string, sent?: unknown, token: string | null = body.token) =>
      await askAt<T>(base, { method, path, body: sent, token }),
    async make(name, more = {}) {
      await client.vms.create({ name, memory_mib: 256, disk_gib: 1, ...more });
      await client.vms.wait(name, { phase: 'running' });
      return (await client.vms.get(name)).id;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export async function askAt<T>(
  base: string,
  {
    method,
    path,
    body,
    token,
  }: { readonly method: string; readonly path: string; readonly body?: unknown; readonly token: string | null },
): Promise<Answer<T>> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const answer: T = JSON.parse(await response.text());
  return { status: response.status, headers: response.headers, body: answer };
}

/** What an authenticator shows at this moment for a secret in base32. */
export function oneTimeCode(secret: string, atMs = Date.now()): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / 30_000)));
  const digest = createHmac('sha1', key).update(counter).digest();
  const at = (digest.at(-1) ?? 0) & 15;
  return String((digest.readUInt32BE(at) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}
