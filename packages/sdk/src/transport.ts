import { BEARER_PROTOCOL_PREFIX, EVENT_SOCKET_PROTOCOL, type Problem } from '@volary/contract';
import { type Credentials, keyCredentials } from './credentials.ts';
import { errorOfProblem, errorOfStatus, VolaryConnectionError } from './errors.ts';

export interface TransportOptions {
  /** Where the server listens: `http://127.0.0.1:7070`. */
  readonly baseUrl: string;
  /** A key; or what a login has given: `loginCredentials`; null: nothing is shown. */
  readonly apiKey: string | Credentials | null;
  /** Default: the built-in one. */
  readonly fetch?: typeof fetch;
}

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** A document, sent as YAML. */
  readonly yaml?: string;
  /** Sent as it is. */
  readonly bytes?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
}

/** Sends requests with the key. Throws `VolaryApiError` for each answer of 400 and above, `VolaryConnectionError` for none. */
export interface Transport {
  send(call: Call): Promise<Response>;
  /** Sends, and reads the answer as JSON. */
  json<T>(call: Call): Promise<T>;
  readJson<T>(response: Response, signal: AbortSignal | undefined): Promise<T>;
  /** A WebSocket that shows the key, as it is when it has just begun to connect: whoever is refused is not told why. */
  socket(call: Pick<Call, 'path' | 'query'>): Promise<WebSocket>;
  /** Where the server is. */
  readonly baseUrl: string;
}

export function createTransport(options: TransportOptions): Transport {
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const request = options.fetch ?? fetch;
  const credentials = typeof options.apiKey === 'string' ? keyCredentials(options.apiKey) : options.apiKey;

  async function send(call: Call): Promise<Response> {
    const shown = credentials === null ? null : await credentials.current();
    const response = await sendWith(shown, call);
    if (response.status < 400) return response;
    const error = await readError(response);
    // A stream has been read by then, and cannot be sent again.
    const isRepeatable = !(call.bytes instanceof ReadableStream);
    const isRefused = response.status === 401 && isRepeatable && shown !== null;
    const other = isRefused ? ((await credentials?.renewed(shown)) ?? null) : null;
    if (other === null) throw error;
    const again = await sendWith(other, call);
    if (again.status < 400) return again;
    throw await readError(again);
  }

  async function sendWith(credential: string | null, call: Call): Promise<Response> {
    const headers: Record<string, string> = {
      ...(credential === null ? {} : { authorization: `Bearer ${credential}` }),
      ...call.headers,
    };
    const init: RequestInit = { method: call.method, headers };
    if (call.signal !== undefined) init.signal = call.signal;
    if (call.json !== undefined) {
      headers['content-type'] = 'application/json';
      init.body = JSON.stringify(call.json);
    } else if (call.yaml !== undefined) {
      headers['content-type'] = 'application/yaml';
      init.body = call.yaml;
    } else if (call.bytes !== undefined) {
      headers['content-type'] = 'application/octet-stream';
      init.body = call.bytes;
      init.duplex = 'half';
    }
    return await throughNetwork(baseUrl, call.signal, () => request(baseUrl + call.path + toSearch(call.query), init));
  }

  async function readJson<T>(response: Response, signal: AbortSignal | undefined): Promise<T> {
    const value: T = JSON.parse(await throughNetwork(baseUrl, signal, () => response.text()));
    return value;
  }

  async function socket({ path, query }: Pick<Call, 'path' | 'query'>): Promise<WebSocket> {
    const shown = credentials === null ? null : await credentials.current();
    const protocols = [EVENT_SOCKET_PROTOCOL, ...(shown === null ? [] : [BEARER_PROTOCOL_PREFIX + toToken(shown)])];
    return new WebSocket(baseUrl.replace(/^http/, 'ws') + path + toSearch(query), protocols);
  }

  return { baseUrl, send, readJson, socket, json: async (call) => await readJson(await send(call), call.signal) };
}

/** The bytes of an answer as they come. Throws `VolaryConnectionError` when the connection breaks. */
export async function* bytesOf(response: Response, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await throughNetwork(new URL(response.url).origin, signal, () => reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    // A reader that is let go of early closes the connection; when the stream has ended this changes nothing.
    await reader.cancel().catch(() => undefined);
  }
}

async function throughNetwork<T>(baseUrl: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    throw new VolaryConnectionError(baseUrl, error);
  }
}

async function readError(response: Response): Promise<Error> {
  const text = await response.text().catch(() => '');
  if (response.headers.get('content-type')?.startsWith('application/problem+json') === true) {
    const problem: Problem = JSON.parse(text);
    return errorOfProblem(problem);
  }
  return errorOfStatus(
    response.status,
    text.slice(0, 500) || `The answer was ${response.status} ${response.statusText}.`,
  );
}

/** As a protocol of a WebSocket, which has no brackets. */
function toToken(credential: string): string {
  return encodeURIComponent(credential).replaceAll('(', '%28').replaceAll(')', '%29');
}

function toSearch(query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
