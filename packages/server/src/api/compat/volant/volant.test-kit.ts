import { expect } from 'vitest';
import { runServer } from '../../testing/run-server.ts';

export const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
/** Room for some hundred VMs. */
const HOST = 'cpus: 64, memory_mib: 1048576, disk_gib: 16384';

export interface Answer<T> {
  readonly status: number;
  readonly type: string | null;
  readonly total: string | null;
  readonly body: T;
}

export interface Fault {
  readonly error: string;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A server with the dialect at a listener of its own, as the document's examples have it. */
export async function runVolant() {
  const server = await runServer({ VOLARY_SIMULATED_HOST: HOST }, ['--listen', 'volant=127.0.0.1:0']);
  const base = `${server.faces['volant']}/api/v1`;

  /** Without a key, as from the machine of the server. */
  async function ask<T = Fault>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const response = await fetch(`${base}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : {
            headers: { 'Content-Type': 'application/json' },
            body: typeof body === 'string' ? body : JSON.stringify(body),
          }),
    });
    const text = await response.text();
    const answer: T = text === '' ? null : JSON.parse(text);
    const { status, headers } = response;
    return { status, type: headers.get('content-type'), total: headers.get('x-total-count'), body: answer };
  }

  /** What is there, in the end. */
  async function until<T>(path: string, isSo: (body: T) => boolean): Promise<T> {
    let last: Answer<T> = await ask<T>('GET', path);
    await expect
      .poll(
        async () => {
          last = await ask<T>('GET', path);
          return last.status === 200 && isSo(last.body);
        },
        { timeout: 20_000, interval: 20 },
      )
      .toBe(true);
    return last.body;
  }

  return { server, base, ask, until };
}

export type Volant = Awaited<ReturnType<typeof runVolant>>;

/** What an error is answered as. */
export function fault(status: number, code: string, details: unknown = expect.any(Object)) {
  return {
    status,
    type: 'application/json; charset=utf-8',
    total: null,
    body: { error: expect.stringMatching(/\w/), code, details },
  };
}
