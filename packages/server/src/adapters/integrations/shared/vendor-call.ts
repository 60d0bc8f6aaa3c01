import { unreadable, VendorFailure } from './vendor-failure.ts';

/** What came first of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Headers;
}

/** One request to a vendor, whichever library makes it: that wraps what `fetch` throws in something of its own, so it is kept here as well. */
export interface VendorCall {
  /**
   * As the global one, but: follows no redirect, which could lead our token anywhere; reads a bounded answer; connects anew, so that no connection that has
   * gone stale meanwhile is used; and rejects with a VendorFailure.
   */
  readonly fetch: typeof globalThis.fetch;
  /** Of the last request; null when there was no whole answer. */
  readonly head: () => AnswerHead | null;
  readonly failure: () => VendorFailure | null;
}

/** More of an answer is nothing that was asked for, bytes. */
const ANSWER_BYTES = 1024 ** 2;

export function createVendorCall(signal: AbortSignal): VendorCall {
  let head: AnswerHead | null = null;
  let failure: VendorFailure | null = null;

  async function ask(...[input, init]: Parameters<typeof globalThis.fetch>): Promise<Response> {
    const headers = new Headers(init?.headers);
    headers.set('connection', 'close');
    const response = await fetch(input, { ...init, headers, redirect: 'manual', signal });
    const { status } = response;
    if (status >= 300 && status < 400) {
      await response.body?.cancel();
      throw new VendorFailure('it redirects to somewhere else', { kind: 'denied', error: 'redirected', status });
    }
    const body = await readBounded(response);
    head = { status, headers: response.headers };
    return new Response(status === 204 || status === 205 ? null : body, { status, headers: response.headers });
  }

  return {
    async fetch(...request) {
      head = null;
      failure = null;
      try {
        return await ask(...request);
      } catch (error) {
        failure = toFailure(error);
        throw failure;
      }
    },
    head: () => head,
    failure: () => failure,
  };
}

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > ANSWER_BYTES) throw unreadable(response.status);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** Names neither the address nor what was sent. */
function toFailure(cause: unknown): VendorFailure {
  if (cause instanceof VendorFailure) return cause;
  const code = codeOf(cause) ?? '';
  const about = { kind: 'later', cause } as const;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new VendorFailure('its name cannot be looked up', { ...about, error: 'unresolved' });
  if (UNSENT.has(code)) return new VendorFailure('there is no connection', { ...about, error: 'connection_failed' });
  if (code === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW')
    // Without the cause, which has the bytes that came in it.
    return new VendorFailure('it does not speak HTTP', { kind: 'later', error: 'invalid_response', isUnknown: true });
  return new VendorFailure('the connection was broken off', {
    ...{ ...about, error: 'connection_failed', isUnknown: true },
  });
}

/** Where no connection has come about, nothing was sent. */
const UNSENT: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'],
]);

/** Of what `fetch` says, the reason lies below; what its parser says has no code but its name. */
function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error.name === 'HTTPParserError') return error.name;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? null : codeOf(error.cause);
}
