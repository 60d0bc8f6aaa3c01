import type { IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { Agent as HttpAgent, request as requestHttp } from '../../../lib/node-http.ts';

/** Where Loki is, and as whom it is spoken to. */
export interface LokiAddress {
  /** With user and password where it asks for them; never logged. */
  readonly url: string;
  /** The tenant, where Loki has several; null: it has one. */
  readonly tenant: string | null;
}

/** What keeps Loki from answering, in a few words that anybody may read. */
export class LokiError extends Error {
  /** How it put it, for the log of the server; null: it said nothing. */
  readonly said: string | null;
  /** It has answered, with a fault of its own. */
  readonly isFault: boolean;
  constructor(message: string, { said = null, isFault = false }: { said?: string | null; isFault?: boolean } = {}) {
    super(message);
    this.said = said;
    this.isFault = isFault;
  }
}

/** A connection that had been used before was broken off. */
class StaleError extends LokiError {}

export interface LokiRequest {
  readonly method: 'GET' | 'POST';
  /** Below the address, such as `loki/api/v1/push`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** How long it has to answer, from when there is a connection for it. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface LokiReply {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** Connections to one Loki. Disposing closes them. */
export interface LokiHttp extends Disposable {
  /** Rejects with a LokiError when no connection is free for long, when there is no whole answer in time, or one that is larger than anything that was asked for. No error names the user, the password or the address. */
  send(request: LokiRequest): Promise<LokiReply>;
}

/** No page of ours has more: 2,000 lines with all that belongs to them. */
const REPLY_BYTES = 128 * 1024 ** 2;
/** So many times as long as an answer may take a request waits for its turn: others may be before it. */
const QUEUE_TURNS = 3;

export function createLokiHttp(
  { url: address, tenant }: LokiAddress,
  { connections }: { readonly connections: number },
): LokiHttp {
  const base = new URL(address);
  const headers = identification(base, tenant);
  base.username = '';
  base.password = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const isSecure = base.protocol === 'https:';
  const options = { keepAlive: true, maxSockets: connections };
  const agent = isSecure ? new HttpsAgent(options) : new HttpAgent(options);

  function urlOf(path: string, query: Readonly<Record<string, string>>): URL {
    const url = new URL(path, base);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  }

  function exchange({ method, path, query = {}, headers: more = {}, body, timeoutMs, signal }: LokiRequest) {
    const bound = createBound(timeoutMs);
    return new Promise<LokiReply>((resolve, reject) => {
      const send = isSecure ? requestHttps : requestHttp;
      const request = send(urlOf(path, query), {
        ...{ method, agent, signal: AbortSignal.any([signal, bound.signal]) },
        headers: { ...headers, ...more, ...(body === undefined ? {} : { 'content-length': String(body.length) }) },
      });
      const fail = (error: unknown): void =>
        reject(signal.aborted ? signal.reason : withoutAddress(error, bound.signal, request.reusedSocket));
      request.on('error', fail);
      request.on('socket', () => bound.begin());
      request.on('response', (response) => {
        readWhole(response).then((text) => {
          const { statusCode: status = 0, headers: answered } = response;
          resolve({ status, retryAfter: answered['retry-after'] ?? null, text });
        }, fail);
      });
      request.end(body);
    }).finally(() => bound.end());
  }

  return {
    async send(request) {
      try {
        return await exchange(request);
      } catch (error) {
        // The other side may close a connection that is at rest in the moment in which it is used again.
        if (error instanceof StaleError) return await exchange(request);
        throw error;
      }
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

/**
 * "If multi-tenancy is enabled, set the X-Scope-OrgID header"; "uses Basic Authentication" where something in front of Loki asks for it:
 * https://grafana.com/docs/loki/latest/reference/loki-http-api/
 */
function identification({ username, password }: URL, tenant: string | null): Readonly<Record<string, string>> {
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    ...(username === '' && password === ''
      ? {}
      : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
    ...(tenant === null ? {} : { 'x-scope-orgid': tenant }),
  };
}

async function readWhole(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > REPLY_BYTES) throw new LokiError(`it answers with more than ${REPLY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** How long one request may take: first until it is its turn, and anew from then on. */
interface Bound {
  /** Aborted with a LokiError that says which of the two was too long. */
  readonly signal: AbortSignal;
  /** It is its turn. */
  begin(): void;
  end(): void;
}

function createBound(timeoutMs: number): Bound {
  const tooLong = new AbortController();
  const after = (ms: number, words: string) => setTimeout(() => tooLong.abort(new LokiError(words)), ms);
  let timer = after(QUEUE_TURNS * timeoutMs, 'too many others ask it');
  return {
    signal: tooLong.signal,
    begin() {
      clearTimeout(timer);
      timer = after(timeoutMs, SLOW);
    },
    end: () => clearTimeout(timer),
  };
}

/** Why there was no answer, in a word or two. */
function withoutAddress(error: unknown, bound: AbortSignal, isReused: boolean): Error {
  if (error instanceof LokiError) return error;
  if (bound.aborted && bound.reason instanceof LokiError) return bound.reason;
  const code = error instanceof Error && 'code' in error ? String(error.code) : null;
  const message = code ?? (error instanceof Error ? error.message : 'no connection');
  const words = WORDS[message] ?? message;
  return isReused && code === 'ECONNRESET' ? new StaleError(words) : new LokiError(words);
}

const SLOW = 'it did not answer in time';
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was broken off',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'its name cannot be looked up',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ETIMEDOUT: SLOW,
};
