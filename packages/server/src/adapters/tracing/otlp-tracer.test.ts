import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tracerContract } from '../../ports/tracer.contract.ts';
import type { Tracer } from '../../ports/tracer.ts';
import { createPinoLog } from '../system/pino-log.ts';
import { logWithTraces } from './log-with-traces.ts';
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.fixture.ts';
import { createOtlpTracer, type OtlpTracerConfig } from './otlp-tracer.ts';

const lines: string[] = [];
const log = createPinoLog({ level: 'info', stream: { write: (line) => lines.push(line) } });

function tracerTo(endpoint: string, change: Partial<OtlpTracerConfig> = {}): Tracer {
  return createOtlpTracer(
    { log },
    {
      url: `${endpoint}/v1/traces`,
      headers: {},
      resource: { 'service.name': 'test' },
      sampling: { ratio: 1, followsCaller: true },
      // Nothing goes by itself in a test's time.
      delayMs: 600_000,
      timeoutMs: 3_000,
      maxWaiting: 100,
      ...change,
    },
  );
}

let receiver: OtlpReceiver;
beforeEach(async () => {
  lines.length = 0;
  receiver = await startOtlpReceiver();
});
afterEach(() => receiver[Symbol.asyncDispose]());

tracerContract('OpenTelemetry over HTTP', async () => {
  const there = await startOtlpReceiver();
  const tracer = tracerTo(there.endpoint);
  return {
    tracer,
    async finish() {
      await tracer[Symbol.asyncDispose]();
      return there.spans().map((span) => ({ ...span, isFault: span.status === 2 }));
    },
    async [Symbol.asyncDispose]() {
      await tracer[Symbol.asyncDispose]();
      await there[Symbol.asyncDispose]();
    },
  };
});

function endSpans(tracer: Tracer, count: number): void {
  for (let at = 0; at < count; at++) tracer.start({ name: `span ${at}`, parent: null }).end();
}

describe('what is exported', () => {
  it('says of whom it is, with the headers it was told', async () => {
    const tracer = tracerTo(receiver.endpoint, { headers: { 'x-key': 'open sesame' } });
    endSpans(tracer, 1);
    await tracer[Symbol.asyncDispose]();

    expect(receiver.spans()).toMatchObject([{ resource: { 'service.name': 'test' } }]);
    expect(receiver.http.received[0]?.headers['x-key']).toBe('open sesame');
  });

  it('is the part of traces that was asked for, as a whole', async () => {
    const tracer = tracerTo(receiver.endpoint, { sampling: { ratio: 0, followsCaller: true } });
    endSpans(tracer, 20);
    tracer.start({ name: 'asked', parent: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true } }).end();
    await tracer[Symbol.asyncDispose]();

    expect(receiver.spans().map(({ name }) => name)).toEqual(['asked']);
  });

  it('is decided once for an operation and its parts, and does not heed its caller where it was told so', async () => {
    const tracer = tracerTo(receiver.endpoint, { sampling: { ratio: 0.5, followsCaller: false }, maxWaiting: 1_000 });
    for (let at = 0; at < 40; at++) {
      const planned = tracer.plan('brood', null);
      tracer.start({ name: 'egg', parent: planned }).end();
      tracer.record(planned, {
        ...{ name: 'brood', attributes: {}, startedAt: 1, completedAt: 2, events: [], fault: null },
      });
    }
    await tracer[Symbol.asyncDispose]();

    const of = (name: string): readonly string[] =>
      receiver.spans().flatMap((span) => (span.name === name ? [span.traceId] : []));
    expect(of('egg').toSorted()).toEqual(of('brood').toSorted());
    expect(of('egg').length).toBeGreaterThan(0);
    expect(of('egg').length).toBeLessThan(40);
  });
});

describe('where nobody takes spans', () => {
  it('they are lost beyond what may wait, and all of them are counted', async () => {
    const tracer = tracerTo(receiver.endpoint, { maxWaiting: 10 });
    receiver.refuseWith(400);

    // Ten are on their way then, and ten wait.
    endSpans(tracer, 25);
    expect(tracer.counts()).toEqual({ exported: 0, lost: 5 });
    await tracer[Symbol.asyncDispose]();

    expect(tracer.counts()).toEqual({ exported: 0, lost: 25 });
    expect(lines.map((line) => JSON.parse(line).message)).toEqual([
      'traces cannot be exported; they are lost until they can',
    ]);
  });

  it('it is told once, and that it goes again', async () => {
    const tracer = tracerTo(receiver.endpoint, { delayMs: 1 });
    receiver.refuseWith(400);
    for (const wanted of [1, 2]) {
      endSpans(tracer, 1);
      await expect.poll(() => tracer.counts().lost).toBe(wanted);
    }
    expect(tracer.whyNot()).toContain(`not taken at 127.0.0.1:${receiver.http.port}`);
    receiver.refuseWith(null);
    endSpans(tracer, 1);
    await expect.poll(() => tracer.counts()).toEqual({ exported: 1, lost: 2 });
    expect(tracer.whyNot()).toBeNull();
    await tracer[Symbol.asyncDispose]();

    expect(lines.map((line) => JSON.parse(line).message)).toEqual([
      'traces cannot be exported; they are lost until they can',
      'traces are exported again',
    ]);
  });

  it('a receiver that never answers keeps nobody from ending', async () => {
    const silent = createServer(() => undefined);
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const tracer = tracerTo(`http://127.0.0.1:${port}`);
    const accepted = once(silent, 'connection');
    endSpans(tracer, 3);

    await tracer[Symbol.asyncDispose]();

    expect(tracer.counts()).toEqual({ exported: 0, lost: 3 });
    const [socket] = await accepted;
    socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });
});

describe('a line of the log', () => {
  it('names the trace it was written in, and else none', async () => {
    const tracer = tracerTo(receiver.endpoint);
    const traced = logWithTraces(log, tracer);
    const { context } = tracer.start({ name: 'asked', parent: null });

    tracer.within(context, () => traced.child({ vmId: 'vm_1' }).info('inside', { requestId: 'req_1' }));
    traced.info('outside');
    await tracer[Symbol.asyncDispose]();

    const [inside, outside] = lines.map((line) => JSON.parse(line));
    expect(inside).toMatchObject({
      traceId: context.traceId,
      spanId: context.spanId,
      requestId: 'req_1',
      vmId: 'vm_1',
    });
    expect(outside).not.toHaveProperty('traceId');
  });
});
