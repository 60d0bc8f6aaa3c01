import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { EVENT_SOCKET_PROTOCOL } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type OtlpReceiver,
  type ReceivedSpan,
  startOtlpReceiver,
} from '../../packages/server/src/adapters/tracing/otlp-receiver.fixture.ts';
import { type ServerOptions, type ServerProcess, startServer } from '../chaos/server-process.ts';

/* What a server tells of itself to an OTLP receiver: from the request to the call of the driver, through kills, and nothing where nobody listens. */

const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const TRACEPARENT = `00-${CALLER.traceId}-${CALLER.spanId}-01`;
const SECRET = 'do-not-tell-anybody';
const POLL = { timeout: 60_000, interval: 50 };

let directory: string;
let dataDir: string;
let receiver: OtlpReceiver;
let servers: ServerProcess[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-tracing-'));
  dataDir = join(directory, 'data');
  receiver = await startOtlpReceiver();
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await server.kill();
  await receiver[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

/** A server that exports soon, unless it is told something else. */
function start(change: Partial<ServerOptions> = {}): ServerProcess {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: `x-key=${SECRET}`,
    OTEL_BSP_SCHEDULE_DELAY: '20',
    VOLARY_WARM_TEMPLATES: 'off',
  };
  const server = startServer({ dataDir, driver: 'simulated', ...change, env: { ...env, ...change.env } });
  servers.push(server);
  return server;
}

async function clientOf(server: ServerProcess): Promise<VolaryClient> {
  const client = await server.ready();
  if (client === null) throw new Error(`the server ended: ${await server.died}`);
  return client;
}

function access(): { readonly url: string; readonly headers: Readonly<Record<string, string>> } {
  const { url }: { readonly url: string } = JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8'));
  const key = readFileSync(join(dataDir, 'admin.key'), 'utf8').trim();
  return { url, headers: { authorization: `Bearer ${key}`, traceparent: TRACEPARENT } };
}

/** A WebSocket's connection after its handshake; rejects with the status that refuses it. */
async function openSocket(path: string): Promise<Duplex> {
  const { url, headers } = access();
  const handshake = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  const key = { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'sec-websocket-protocol': EVENT_SOCKET_PROTOCOL };
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  httpGet(`${url}${path}`, { headers: { ...headers, ...handshake, ...key } }, (answer) => {
    answer.resume();
    reject(new Error(String(answer.statusCode)));
  })
    .on('upgrade', (_answer, socket) => resolve(socket))
    .on('error', reject);
  return await promise;
}

/** Asks as somebody does who is part of a trace. Resolves with the answer; it is not read. */
async function post(path: string, body: object): Promise<Response> {
  const { url, headers } = access();
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer;
}

const ofTrace = (): readonly ReceivedSpan[] => receiver.spans().filter(({ traceId }) => traceId === CALLER.traceId);
const named = (name: string): ReceivedSpan | undefined => ofTrace().find((span) => span.name === name);

/** The names from this span up to what is not ours. */
function lineage(span: ReceivedSpan | undefined): readonly string[] {
  if (span === undefined) return [];
  return [span.name, ...lineage(ofTrace().find(({ spanId }) => spanId === span.parentSpanId))];
}

const SPEC = { name: 'bird', memory_mib: 128 };

describe('a traced server', () => {
  it('tells of a request, its operation, their steps and the calls of the driver as one trace', async () => {
    const client = await clientOf(start());

    const answer = await post('/v1/vms', { ...SPEC, environment: { TOKEN: SECRET } });
    const { id, trace_id } = JSON.parse(await answer.text());
    await expect.poll(() => lineage(named('vm.create')), POLL).toEqual(['vm.create', 'POST /v1/vms']);

    expect(trace_id).toBe(CALLER.traceId);
    expect(named('POST /v1/vms')).toMatchObject({
      parentSpanId: CALLER.spanId,
      kind: 2,
      attributes: {
        'http.request.method': 'POST',
        'http.response.status_code': 202,
        'volary.request_id': answer.headers.get('x-request-id'),
      },
    });
    for (const call of ['create-disk', 'start-machine'])
      expect(lineage(named(`driver ${call}`))).toEqual([`driver ${call}`, `step ${call}`, 'vm.create', 'POST /v1/vms']);
    expect(lineage(named('step await-guest'))).toEqual(['step await-guest', 'vm.create', 'POST /v1/vms']);
    const operation = await client.operations.get(id);
    expect(named('vm.create')).toMatchObject({
      attributes: { 'volary.operation.id': id, 'volary.operation.state': 'succeeded', 'volary.subject.name': 'bird' },
      startMs: Date.parse(operation.created_at),
      endMs: Date.parse(operation.completed_at ?? ''),
      resource: { 'service.name': 'volary' },
    });
    // What only looks whether something is to be done is part of no trace; probes are none.
    expect(ofTrace().filter(({ name }) => name.includes('inspect'))).toEqual([]);
    expect(receiver.spans().filter(({ name }) => name.includes('readyz'))).toEqual([]);
  });

  it('tells nobody a secret, and its receiver alone what is for it', async () => {
    const client = await clientOf(start({ logLevel: 'debug' }));
    const key = readFileSync(join(dataDir, 'admin.key'), 'utf8').trim();
    await client.secrets.create({ name: 'SEALED', value: SECRET });
    await post('/v1/vms', { ...SPEC, environment: { TOKEN: SECRET } });
    await expect.poll(() => named('vm.create')?.name, POLL).toBe('vm.create');
    await client.executions.run('bird', { argv: ['echo', SECRET] });
    await expect.poll(() => receiver.spans().some(({ name }) => name === 'guest exec'), POLL).toBe(true);

    const told = receiver.http.received.map(({ body }) => body).join('\n');
    expect(told).not.toContain(SECRET);
    expect(told).not.toContain(key);
    expect(told).not.toContain(directory);
    expect(receiver.http.received[0]?.headers['x-key']).toBe(SECRET);
    expect(readFileSync(`${dataDir}.log`, 'utf8')).not.toContain(SECRET);
  });

  it('goes on with the trace of an operation that a former server had begun', async () => {
    const dying = start({ faultPoint: 'driver.start-machine.after:1' });
    await clientOf(dying);
    const { id } = JSON.parse(await (await post('/v1/vms', SPEC)).text());
    expect(await dying.died).toBe('SIGKILL');
    const before = ofTrace().length;

    const client = await clientOf(start());
    await expect.poll(() => named('vm.create')?.attributes['volary.operation.id'], POLL).toBe(id);

    expect((await client.operations.get(id)).state).toBe('succeeded');
    const [operation] = ofTrace().filter(({ name }) => name === 'vm.create');
    expect(operation?.events.map(({ attributes }) => attributes['message'])).toEqual(['interrupted']);
    const resumed = ofTrace().slice(before);
    expect(resumed.map(({ name }) => name)).toContain('step await-guest');
    for (const span of resumed) if (span.name.startsWith('step ')) expect(span.parentSpanId).toBe(operation?.spanId);
    expect(ofTrace().filter(({ name }) => name === 'vm.create')).toHaveLength(1);
  });

  it('names the trace where it logs what came of a request, and tells of each try of a step', async () => {
    await clientOf(start({ logLevel: 'debug' }));

    const answer = await post('/v1/vms', { ...SPEC, labels: { 'simulate.start_error': 'unavailable:1' } });
    await expect.poll(() => named('vm.create')?.name, POLL).toBe('vm.create');

    const tries = ofTrace().filter(({ name }) => name === 'step start-machine');
    expect(tries.map(({ status, attributes }) => [status, attributes['volary.step.attempt']])).toEqual([
      [2, 1],
      [0, 2],
    ]);
    expect(named('vm.create')?.events).toMatchObject([
      { name: 'step failed', attributes: { step: 'start-machine', attempt: 1 } },
    ]);
    const lines = readFileSync(`${dataDir}.log`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.find(({ message }) => message === 'step failed')).toMatchObject({
      traceId: CALLER.traceId,
      spanId: named('vm.create')?.spanId,
    });
    const requestId = answer.headers.get('x-request-id');
    expect(lines.find((line) => line.message === 'request answered' && line.requestId === requestId)).toMatchObject({
      traceId: CALLER.traceId,
      spanId: named('POST /v1/vms')?.spanId,
    });
    expect(lines.find(({ message }) => message === 'listening')).not.toHaveProperty('traceId');
  });
});

describe('a WebSocket', () => {
  it('is a span from its handshake to the end of its connection, and one that is refused has the status of that', async () => {
    await clientOf(start());

    (await openSocket('/v1/events')).destroy();
    await expect(openSocket('/v1/events?nothing=1')).rejects.toThrow('400');
    await expect.poll(() => ofTrace().length, POLL).toBe(2);

    expect(
      ofTrace()
        .map(({ name, attributes }) => [name, attributes['http.response.status_code']])
        .toSorted(),
    ).toEqual([
      ['GET /v1/events', 101],
      ['GET /v1/events', 400],
    ]);
  });
});

describe('a caller who goes away', () => {
  it('leaves a span that ends then, with the status 499', async () => {
    const client = await clientOf(start());
    await client.vms.create(SPEC);
    const { url, headers } = access();
    const path = `${url}/v1/vms/bird/wait?phase=stopped&timeout=60`;
    // With the 100 that it asks for, the request is with the server.
    const asked = httpGet(path, { headers: { ...headers, expect: '100-continue' } }).on('error', () => undefined);
    await once(asked, 'continue');

    asked.destroy();

    await expect
      .poll(() => named('GET /v1/vms/{ref}/wait')?.attributes, POLL)
      .toMatchObject({
        'http.response.status_code': 499,
      });
  });
});

describe('a receiver that does not answer', () => {
  it('costs spans, which are counted, and nothing else', async () => {
    receiver.refuseWith(400);
    const client = await clientOf(start());

    await post('/v1/vms', SPEC);
    await client.vms.wait('bird', { phase: 'running', timeoutSeconds: 30 });

    const lost = async (): Promise<number> =>
      Number(/^volary_trace_spans_total\{result="lost"\} (\d+)$/m.exec(await client.metrics.scrape())?.[1] ?? 0);
    await expect.poll(lost, POLL).toBeGreaterThan(3);
    expect(await client.metrics.scrape()).toContain('volary_trace_spans_total{result="exported"} 0');
    const health = await client.system.health();
    expect(health.components.find(({ name }) => name === 'traces')).toMatchObject({
      status: 'degraded',
      why: expect.stringContaining(new URL(receiver.endpoint).host),
      detail: expect.stringMatching(/^0 spans exported, \d+ lost/),
    });
    expect(await servers[0]?.stop()).toBe('0');
  });
});

describe('a server that is to trace nothing', () => {
  it('does not load what would do it, and tells of no trace', async () => {
    const loads = join(directory, 'loads');
    const hook = join(directory, 'note-loads.mjs');
    writeFileSync(
      hook,
      `import { appendFileSync } from 'node:fs';
       import { registerHooks } from 'node:module';
       registerHooks({ load(url, context, next) {
         if (url.includes('opentelemetry')) appendFileSync(${JSON.stringify(loads)}, url + '\\n');
         return next(url, context);
       } });`,
    );
    writeFileSync(loads, '');
    const NODE_OPTIONS = `--import=${hook}`;

    const silent = start({ env: { NODE_OPTIONS, OTEL_EXPORTER_OTLP_ENDPOINT: '' } });
    const client = await clientOf(silent);
    const { trace_id } = JSON.parse(await (await post('/v1/vms', SPEC)).text());
    await client.vms.wait('bird', { phase: 'running', timeoutSeconds: 30 });

    expect(trace_id).toBeNull();
    expect(await client.metrics.scrape()).not.toMatch(/^volary_trace_spans_total/m);
    expect(await silent.stop()).toBe('0');
    expect(readFileSync(loads, 'utf8')).toBe('');
    await clientOf(start({ env: { NODE_OPTIONS } }));
    expect(readFileSync(loads, 'utf8')).toContain('sdk-trace');
  });
});
