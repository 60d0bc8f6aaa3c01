/**
 * One HTTP/1.1 request as bytes, and one response out of bytes: just enough to ask a server that nobody trusts, over any
 * connection. Everything is bounded; what is not exactly as the standard has it is refused.
 */

export interface HttpRequest {
  readonly method: string;
  /** Begins with a slash; no blanks, no control characters. */
  readonly path: string;
  readonly host: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface HttpResponse {
  readonly status: number;
  /** By name in lower case; those that come twice are joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

export interface ResponseBounds {
  readonly headBytes: number;
  /** 0: the body is not read at all. */
  readonly bodyBytes: number;
  /** Of the request: a response to HEAD has no body. */
  readonly method?: string;
}

/** A response that is none, or goes past its bounds. */
export class BadResponse extends Error {
  override readonly name = 'BadResponse';
}

const STATUS_LINE = /^HTTP\/1\.[01] ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/;
const SAFE = /^[\x21-\x7e]+$/;
const SAFE_VALUE = /^[\t\x20-\x7e]*$/;
/** Answers before the answer, such as 100, are read over; so many at most. */
const MOST_INTERIM = 8;
/** Of the line that says how long a chunk is, bytes. */
const CHUNK_LINE_BYTES = 1_024;

/** The bytes of the request; the connection is to be closed after the answer. Throws RangeError where a part could not be sent as it is. */
export function encodeRequest({ method, path, host, headers = {}, body }: HttpRequest): Uint8Array {
  const fields = { host, 'user-agent': 'volary', accept: '*/*', ...headers, connection: 'close' };
  for (const text of [method, path, host]) if (!SAFE.test(text)) throw new RangeError('a request has a blank in it');
  const length = body === undefined ? {} : { 'content-length': `${body.length}` };
  const lines = Object.entries({ ...fields, ...length }).map(([name, value]) => {
    if (!SAFE.test(name) || !SAFE_VALUE.test(value)) throw new RangeError('a header cannot be sent');
    return `${name}: ${value}\r\n`;
  });
  const head = new TextEncoder().encode(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return body === undefined ? head : concat([head, body]);
}

/** The response that these bytes begin with. Throws BadResponse. */
export async function readResponse(input: AsyncIterable<Uint8Array>, bounds: ResponseBounds): Promise<HttpResponse> {
  const reader = new ByteReader(input);
  for (let interim = 0; interim <= MOST_INTERIM; interim++) {
    const { status, headers } = await readHead(reader, bounds.headBytes);
    if (status < 200 && status !== 101) continue;
    const hasBody =
      bounds.bodyBytes > 0 && bounds.method !== 'HEAD' && status !== 204 && status !== 304 && status !== 101;
    return { status, headers, body: hasBody ? await readBody(reader, headers, bounds.bodyBytes) : new Uint8Array() };
  }
  throw new BadResponse('too many answers before the answer');
}

async function readHead(reader: ByteReader, limit: number): Promise<Omit<HttpResponse, 'body'>> {
  const [first = '', ...lines] = (await reader.until('\r\n\r\n', limit)).split('\r\n');
  const status = STATUS_LINE.exec(first)?.[1];
  if (status === undefined) throw new BadResponse('it does not answer in HTTP');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new BadResponse('a header is not well-formed');
    const known = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), known === undefined ? value : `${known}, ${value}`);
  }
  return { status: Number(status), headers };
}

async function readBody(reader: ByteReader, headers: HttpResponse['headers'], limit: number): Promise<Uint8Array> {
  const coding = headers.get('transfer-encoding');
  const length = headers.get('content-length');
  if (coding !== undefined && length !== undefined) throw new BadResponse('its length is told in two ways');
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked') throw new BadResponse('its transfer coding is not known');
    return await readChunks(reader, limit);
  }
  if (length === undefined) return await reader.rest(limit);
  if (!/^\d{1,15}$/.test(length)) throw new BadResponse('its length is no number');
  if (Number(length) > limit) throw new BadResponse(`it is longer than ${limit} bytes`);
  return await reader.exactly(Number(length));
}

async function readChunks(reader: ByteReader, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let total = 0; ; ) {
    const [size = ''] = (await reader.until('\r\n', CHUNK_LINE_BYTES)).split(';');
    if (!/^[0-9a-fA-F]{1,8}$/.test(size.trim())) throw new BadResponse('a chunk has no length');
    const length = Number.parseInt(size, 16);
    if (length === 0) return concat(parts);
    total += length;
    if (total > limit) throw new BadResponse(`it is longer than ${limit} bytes`);
    parts.push(await reader.exactly(length));
    if ((await reader.until('\r\n', 2)) !== '') throw new BadResponse('a chunk is longer than it says');
  }
}

/** Takes bytes off the front of a stream. */
class ByteReader {
  readonly #input: AsyncIterator<Uint8Array>;
  #kept: Uint8Array = new Uint8Array();

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** The text before the mark, which is taken too. Throws BadResponse if it does not come within `limit` bytes. */
  async until(mark: string, limit: number): Promise<string> {
    for (;;) {
      const text = new TextDecoder('latin1').decode(this.#kept.subarray(0, limit + mark.length));
      const at = text.indexOf(mark);
      if (at >= 0) {
        this.#kept = this.#kept.subarray(at + mark.length);
        return text.slice(0, at);
      }
      if (this.#kept.length >= limit + mark.length) throw new BadResponse('a part of it is too long');
      if (!(await this.#more())) throw new BadResponse('it ends in the middle');
    }
  }

  async exactly(length: number): Promise<Uint8Array> {
    while (this.#kept.length < length) if (!(await this.#more())) throw new BadResponse('it ends in the middle');
    const taken = this.#kept.subarray(0, length);
    this.#kept = this.#kept.subarray(length);
    return taken;
  }

  /** All that comes. Throws BadResponse past `limit` bytes. */
  async rest(limit: number): Promise<Uint8Array> {
    do if (this.#kept.length > limit) throw new BadResponse(`it is longer than ${limit} bytes`);
    while (await this.#more());
    return this.#kept;
  }

  async #more(): Promise<boolean> {
    const next = await this.#input.next();
    if (next.done === true) return false;
    this.#kept = concat([this.#kept, next.value]);
    return true;
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
