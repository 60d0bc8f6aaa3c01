import type { Abortable } from './abortable.ts';
import { VolaryApiError, VolaryConnectionError } from './errors.ts';
import { createBackoff } from './retry.ts';
import type { Transport } from './transport.ts';

/** How long faults in a row are borne: a server that is killed is back before that. */
const OUTAGE_MS = 30_000;

/** A request that takes effect once, however often it has to be sent. */
export interface Repeatable extends Abortable {
  /**
   * Default: a random one, so that the request is sent again by itself when the connection breaks. Give one that you have written
   * down, and it may be sent again even after your own program was started anew; for 24 hours.
   */
  readonly idempotencyKey?: string | undefined;
}

interface Post extends Repeatable {
  readonly path: string;
  readonly json?: unknown;
  /** Sent as YAML, in place of JSON. */
  readonly yaml?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a POST under a key, again and again until there is an answer, and reads that; gives up after half a minute without one. */
export async function postOnce<T>(
  transport: Transport,
  { path, json, yaml, headers, signal, idempotencyKey = randomKey() }: Post,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const backoff = createBackoff({ giveUpAfterMs: OUTAGE_MS });
  const body = yaml === undefined ? { json } : { yaml };
  const keyed = { ...headers, 'idempotency-key': idempotencyKey };
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await read(await transport.send({ method: 'POST', path, ...body, headers: keyed, signal }));
    } catch (error) {
      if (!mayHelp(error, isFirst)) throw error;
      await backoff.afterFault(error, signal);
    }
  }
}

/** The same, for an answer in JSON. */
export async function postJsonOnce<T>(transport: Transport, post: Post): Promise<T> {
  return await postOnce(transport, post, (response) => transport.readJson<T>(response, post.signal));
}

/** The same, where nothing is answered. */
export async function postNothingOnce(transport: Transport, post: Post): Promise<void> {
  await postOnce(transport, post, async () => undefined);
}

/** Whether to send it again. Where nobody was reached from the first, it will not help to wait for somebody. */
function mayHelp(error: unknown, isFirst: boolean): boolean {
  if (error instanceof VolaryConnectionError) return !(isFirst && isUnreached(error));
  return (
    error instanceof VolaryApiError &&
    (error.reason === 'idempotency.in_progress' || error.reason === 'server.stopping')
  );
}

/** Nobody listens, nobody is called so, or it is not somebody whose certificate is believed. */
const UNREACHED = /^(?:ECONNREFUSED|ENOTFOUND|ERR_(?:SSL|TLS)_.*|CERT_.*|DEPTH_ZERO_.*|SELF_SIGNED_.*|UNABLE_TO_.*)$/;

function isUnreached(error: Error): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && UNREACHED.test(String(cause.code))) return true;
  }
  return false;
}

/** By hand: `crypto.randomUUID` is not there in a page that came without TLS. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
