import { createClient, type VolaryClient } from '@volary/sdk';
import { until } from '../../../lib/testing/until.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../../testing/run-server.ts';

/** A server with this dialect at the root of a listener of its own, as its document's examples have it. */
export interface Aetherium extends AsyncDisposable {
  readonly server: RunningServer;
  /** The same by `/v1`. */
  readonly client: VolaryClient;
  readonly base: string;
  ask<T = Fault>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>>;
  /** Creates a VM and waits, as a client of the document does; answers with its UUID. */
  create(name: string, more?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Polls the task until it is over. */
  finish(id: string): Promise<ShownTask>;
}

export interface Fault {
  readonly error: string;
  readonly message: string;
  readonly code: number;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface ShownTask {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly error: string | null;
}

export async function runAetherium(
  settings: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
): Promise<Aetherium> {
  const server = await runServer({ VOLARY_RATE_LIMIT: 'off', ...settings }, [
    '--listen',
    'aetherium=127.0.0.1:0',
    ...flags,
  ]);
  const base = server.faces['aetherium'] ?? '';

  const ask: Aetherium['ask'] = async <T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = { 'X-API-Key': ADMIN_KEY },
  ) => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const answer: T = JSON.parse(await response.text());
    return { status: response.status, headers: response.headers, body: answer };
  };

  const finish: Aetherium['finish'] = (id) =>
    until(async () => {
      const { body } = await ask<ShownTask>('GET', `/api/v1/tasks/${id}`);
      return body.status !== 'pending' && body.status !== 'running' && body;
    }, `the end of task ${id}`);

  return {
    server,
    client: createClient({ baseUrl: server.url, apiKey: ADMIN_KEY }),
    base,
    ask,
    finish,
    async create(name, more = {}) {
      const { body } = await ask<{ readonly task_id: string }>('POST', '/api/v1/vms', { name, ...more });
      const { result } = await finish(body.task_id);
      return String(result?.['vm_id']);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
