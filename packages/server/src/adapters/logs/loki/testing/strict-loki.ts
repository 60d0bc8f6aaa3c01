/**
 * A server of Loki's HTTP API that takes only what Loki's documentation says it takes, over real HTTP and WebSockets on the loopback. What it refuses is in `loki-rules.ts`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import {
  type Entry,
  LIMITS,
  type Limits,
  type Refusal,
  refusalOfAnswer,
  refusalOfEntry,
  refusalOfLabels,
  refusalOfRange,
  sizeOf,
} from './loki-rules.ts';
import { createLoopbackServer } from './loopback-server.ts';
import { type Matches, readLogQl } from './read-logql.ts';
import { readPush } from './read-push.ts';

export interface StrictLoki extends AsyncDisposable {
  readonly url: string;
  /** Entries by their stream, in the order in which they came. */
  readonly streams: ReadonlyMap<string, Stream>;
  /** Bodies of pushes that were asked for, bytes as they came, with the status of the answer. */
  readonly pushes: readonly { readonly bytes: number; readonly status: number }[];
  /** Names of rules that were broken. */
  readonly refusals: readonly string[];
  /** Answers to what is asked from now on, instead of its own; null: its own. */
  fail(fault: Fault | null): void;
  /** Questions for lines that have come, answered or not. */
  readonly questions: number;
  /** Requests without an answer that somebody waits for. */
  readonly unanswered: number;
  /** Nobody listens any more, and connections are broken off; `start` begins again at the same address, with what it had. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * `silence`: nothing is answered. `unread`: it does what it is asked, and breaks off instead of answering.
 * `questions`: it answers so many of those for lines yet, and takes all lines.
 */
export type Fault =
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly questions: number }
  | 'silence'
  | 'unread';

export interface Stream {
  readonly labels: Readonly<Record<string, string>>;
  readonly entries: Entry[];
  newest: bigint | null;
}

export interface StrictOptions {
  readonly nowMs?: () => number;
  readonly limits?: Partial<Limits>;
  /** "When configured with `auth_enabled: true`": https://grafana.com/docs/loki/latest/operations/multi-tenancy/ */
  readonly hasTenants?: boolean;
  /** `user:password`, for what stands in front of it. */
  readonly credentials?: string;
}

interface Tail {
  readonly socket: WebSocket;
  readonly matches: Matches;
}

export async function startStrictLoki(options: StrictOptions = {}): Promise<StrictLoki> {
  const { nowMs = Date.now, hasTenants = false, credentials = null } = options;
  const limits: Limits = { ...LIMITS, ...options.limits };
  const streams = new Map<string, Stream>();
  const pushes: { readonly bytes: number; readonly status: number }[] = [];
  const refusals: string[] = [];
  const tails = new Set<Tail>();
  const isIngestible = createBucket(nowMs, limits.ingestionBytesPerSecond, limits.ingestionBurstBytes);
  const streamBuckets = new Map<string, (bytes: number) => boolean>();
  let fault: Fault | null = null;
  let unanswered = 0;
  let questions = 0;

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  const loopback = createLoopbackServer(server);
  const { start } = loopback;
  const upgrades = new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: 1024 },
    handleProtocols: () => false,
  });
  server.on('upgrade', (request, socket, head) => {
    const url = urlOf(request);
    const status = statusOfTail(request, url);
    if (status !== null) {
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    upgrades.handleUpgrade(request, socket, head, (opened) => beginTail(opened, url));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (isQuestion(request)) questions += 1;
    if (fault === 'silence' || isLeftOut(request)) return leave(response);
    if (fault !== null && fault !== 'unread' && !('questions' in fault)) {
      response.writeHead(fault.status, fault.headers).end(fault.body);
      if (request.method === 'POST') pushes.push({ bytes: body.length, status: fault.status });
      return;
    }
    const [status, text] = reply(request, body);
    if (request.method === 'POST') pushes.push({ bytes: body.length, status });
    if (fault === 'unread') response.destroy();
    else response.writeHead(status).end(text);
  }

  /** One question less is answered. */
  function isLeftOut(request: IncomingMessage): boolean {
    if (!isQuestion(request) || fault === null || typeof fault === 'string' || !('questions' in fault)) return false;
    fault = { questions: fault.questions - 1 };
    return fault.questions < 0;
  }

  function leave(response: ServerResponse): void {
    unanswered += 1;
    response.on('close', () => {
      unanswered -= 1;
    });
  }

  function reply(request: IncomingMessage, body: Uint8Array): readonly [number, string] {
    const url = urlOf(request);
    const denied = statusOfCaller(request, { isQuery: url.pathname !== '/loki/api/v1/push' });
    if (denied !== null) return [denied, denied === 401 ? 'no org id' : 'multiple org IDs present'];
    switch (`${request.method} ${url.pathname}`) {
      case 'POST /loki/api/v1/push':
        return push(request, body);
      case 'GET /loki/api/v1/query_range':
        return range(url);
      case 'GET /loki/api/v1/labels':
        return [200, success([...new Set([...streams.values()].flatMap(({ labels }) => Object.keys(labels)))])];
      default:
        return [404, '404 page not found'];
    }
  }

  /** Who asks. Calls to tail and push "will return an HTTP 400 error if more than one tenant is defined in the HTTP header". */
  function statusOfCaller({ headers }: IncomingMessage, { isQuery }: { readonly isQuery: boolean }): number | null {
    const expected = credentials === null ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
    if (expected !== undefined && headers.authorization !== expected) return 401;
    const tenant = headers['x-scope-orgid'];
    if (hasTenants && tenant === undefined) return 401;
    return String(tenant ?? '').includes('|') && !isQuery ? 400 : null;
  }

  function push(request: IncomingMessage, body: Uint8Array): readonly [number, string] {
    const pushed = readPush(request.headers, body);
    if (typeof pushed === 'string') return [400, pushed];
    const bytes = pushed.flatMap(({ entries }) => entries).reduce((sum, entry) => sum + sizeOf(entry), 0);
    // "This rate limit is enforced when a tenant has exceeded their configured log ingestion rate limit." Nothing of it is kept.
    if (!isIngestible(bytes)) return tooMuch('rate_limited');
    const wrong: Refusal[] = [];
    for (const { labels, entries } of pushed) {
      const bad = refusalOfLabels(labels, limits);
      if (bad !== null) {
        wrong.push(bad);
        continue;
      }
      const key = JSON.stringify(Object.entries(labels).toSorted());
      // "This limit is enforced when a tenant reaches their maximum number of active streams."
      if (!streams.has(key) && streams.size >= limits.streams) return tooMuch('stream_limit');
      const stream = streams.get(key) ?? { labels, entries: [], newest: null };
      streams.set(key, stream);
      const bucket =
        streamBuckets.get(key) ?? createBucket(nowMs, limits.streamBytesPerSecond, limits.streamBurstBytes);
      streamBuckets.set(key, bucket);
      // "This limit is enforced when a single stream reaches its rate limit."
      if (!bucket(entries.reduce((sum, entry) => sum + sizeOf(entry), 0))) return tooMuch('per_stream_rate_limit');
      wrong.push(...keep(stream, entries));
    }
    refusals.push(...wrong.map(({ reason }) => reason));
    const [first] = wrong;
    return first === undefined ? [204, ''] : [400, `${first.reason}, total ignored: ${wrong.length} (${first.source})`];
  }

  function tooMuch(reason: string): readonly [number, string] {
    refusals.push(reason);
    return [429, reason];
  }

  /** What is good of a stream is kept, what is not is left out: "Sample discarded: Yes". */
  function keep(stream: Stream, entries: readonly Entry[]): readonly Refusal[] {
    const wrong: Refusal[] = [];
    const added: Entry[] = [];
    for (const entry of entries) {
      const bad = refusalOfEntry(entry, { nowMs: nowMs(), newest: stream.newest }, limits);
      const previous = stream.entries.at(-1);
      if (bad !== null) wrong.push(bad);
      // "If the incoming line exactly matches the previously received line (matching both the previous timestamp and log text), the incoming line will be treated as an
      // exact duplicate and ignored": https://grafana.com/docs/loki/latest/get-started/components/
      else if (previous?.time !== entry.time || previous.line !== entry.line) {
        stream.entries.push(entry);
        added.push(entry);
        if (stream.newest === null || entry.time > stream.newest) stream.newest = entry.time;
      }
    }
    for (const tail of tails) tell(tail, stream, added);
    return wrong;
  }

  function range(url: URL): readonly [number, string] {
    const now = BigInt(nowMs()) * 1_000_000n;
    // "limit: defaults to 100", "start: defaults to one hour ago", "end: defaults to now", "direction: defaults to backward"
    const limit = Number(url.searchParams.get('limit') ?? 100);
    const start = BigInt(url.searchParams.get('start') ?? now - 3_600_000_000_000n);
    const end = BigInt(url.searchParams.get('end') ?? now);
    const direction = url.searchParams.get('direction') ?? 'backward';
    const matches = readLogQl(url.searchParams.get('query') ?? '');
    if (matches === null) return [400, 'parse error: syntax error: unexpected IDENTIFIER'];
    if (direction !== 'forward' && direction !== 'backward') return [400, `invalid direction '${direction}'`];
    const bad = refusalOfRange({ start, end, limit }, limits);
    if (bad !== null) {
      refusals.push(bad.reason);
      return [400, bad.reason];
    }
    const sign = direction === 'forward' ? 1 : -1;
    const found = [...streams.values()]
      .flatMap(({ labels, entries }) =>
        withoutDoubles(entries).map((entry) => ({ entry, all: { ...labels, ...entry.metadata } })),
      )
      .filter(({ entry, all }) => entry.time >= start && entry.time < end && matches(all, entry.line))
      .toSorted((a, b) => (a.entry.time < b.entry.time ? -sign : sign))
      .slice(0, limit);
    const tooLarge = refusalOfAnswer(
      found.map(({ entry, all }) => ({ ...entry, metadata: all })),
      limits,
    );
    if (tooLarge !== null) {
      refusals.push(tooLarge.reason);
      return [500, 'rpc error: code = ResourceExhausted desc = grpc: received message larger than max'];
    }
    // "Structured metadata is extracted automatically for each returned log line and added to the labels returned for the query."
    const result = found
      .map(({ entry, all }) => ({ stream: all, values: [[String(entry.time), entry.line]] }))
      // Streams come in no order that means anything.
      .toReversed();
    return [200, success({ resultType: 'streams', result, stats: {} })];
  }

  function statusOfTail(request: IncomingMessage, url: URL): number | null {
    if (url.pathname !== '/loki/api/v1/tail') return 404;
    const denied = statusOfCaller(request, { isQuery: false });
    if (denied !== null) return denied;
    // "Defaults to 0 and cannot be larger than 5."
    if (Number(url.searchParams.get('delay_for') ?? 0) > limits.tailDelaySeconds) return 400;
    if (readLogQl(url.searchParams.get('query') ?? '') === null) return 400;
    // "Maximum number of concurrent tail requests."
    return tails.size >= limits.tails ? 429 : null;
  }

  function beginTail(socket: WebSocket, url: URL): void {
    const matches = readLogQl(url.searchParams.get('query') ?? '') ?? (() => false);
    const tail = { socket, matches };
    tails.add(tail);
    socket.on('close', () => tails.delete(tail));
    // "start: The start time for the query as a nanosecond Unix epoch. Defaults to one hour ago."
    const start = BigInt(url.searchParams.get('start') ?? BigInt(nowMs() - 3_600_000) * 1_000_000n);
    for (const stream of streams.values())
      tell(
        tail,
        stream,
        stream.entries.filter(({ time }) => time >= start),
      );
  }

  async function stop(): Promise<void> {
    for (const { socket } of tails) socket.terminate();
    await loopback.stop();
  }

  await start();
  return {
    get url() {
      return loopback.url;
    },
    get questions() {
      return questions;
    },
    get unanswered() {
      return unanswered;
    },
    ...{ streams, pushes, refusals, start, stop },
    fail(next) {
      fault = next;
    },
    [Symbol.asyncDispose]: stop,
  };
}

function tell({ socket, matches }: Tail, { labels }: Stream, entries: readonly Entry[]): void {
  const streams = entries
    .map((entry) => ({ entry, all: { ...labels, ...entry.metadata } }))
    .filter(({ entry, all }) => matches(all, entry.line))
    .map(({ entry, all }) => ({ stream: all, values: [[String(entry.time), entry.line]] }));
  if (streams.length > 0 && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ streams }));
}

/** Queriers drop entries of "the same nanosecond timestamp, label set, and log message": https://grafana.com/docs/loki/latest/get-started/components/ */
function withoutDoubles(entries: readonly Entry[]): readonly Entry[] {
  return [
    ...new Map(
      entries.map((entry) => [JSON.stringify([String(entry.time), entry.line, entry.metadata]), entry]),
    ).values(),
  ];
}

function success(data: unknown): string {
  return JSON.stringify({ status: 'success', data });
}

function urlOf(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', 'http://loki');
}

function isQuestion(request: IncomingMessage): boolean {
  return urlOf(request).pathname === '/loki/api/v1/query_range';
}

/** Bytes a second, and so many at once. */
function createBucket(nowMs: () => number, perSecond: number, burst: number): (bytes: number) => boolean {
  let [tokens, atMs] = [burst, nowMs()];
  return (bytes) => {
    tokens = Math.min(burst, tokens + ((nowMs() - atMs) / 1_000) * perSecond);
    atMs = nowMs();
    if (bytes > tokens) return false;
    tokens -= bytes;
    return true;
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
