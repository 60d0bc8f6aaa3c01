import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeSimulatedSubject } from '../../adapters/drivers/simulated/simulated-machine.fixture.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import {
  type OtlpReceiver,
  type ReceivedSpan,
  startOtlpReceiver,
} from '../../adapters/tracing/otlp-receiver.fixture.ts';
import { createOtlpTracer } from '../../adapters/tracing/otlp-tracer.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { SpanContext } from '../../domain/trace.ts';
import { driverContract } from '../../ports/driver.contract.ts';
import type { Tracer } from '../../ports/tracer.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { create, finish, request } from '../vm-life.test-kit.ts';
import { driverWithSpans } from './ports-with-spans.ts';

const CALLER: SpanContext = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), isSampled: true };

let receiver: OtlpReceiver;
let tracer: Tracer;
let installation: Installation;
let server: TestServer;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
  tracer = tracerTo(receiver.endpoint);
  installation = createInstallation({ tracer });
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
  await tracer[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

function tracerTo(endpoint: string): Tracer {
  const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });
  const sampling = { ratio: 1, followsCaller: true };
  const bounds = { delayMs: 600_000, timeoutMs: 3_000, maxWaiting: 10_000 };
  return createOtlpTracer({ log }, { url: `${endpoint}/v1/traces`, headers: {}, resource: {}, sampling, ...bounds });
}

/** All that the servers have told, now that no more will come. */
async function told(): Promise<readonly ReceivedSpan[]> {
  await server.stop();
  await tracer[Symbol.asyncDispose]();
  return receiver.spans();
}

/** The names of these and of all that they are part of: `step x < vm.create`. */
function lineages(spans: readonly ReceivedSpan[]): readonly string[] {
  const above = ({ name, parentSpanId }: ReceivedSpan): string => {
    const parent = spans.find(({ spanId }) => spanId === parentSpanId);
    return parent === undefined ? name : `${name} < ${above(parent)}`;
  };
  return [...new Set(spans.map(above))].toSorted();
}

const asCaller = async (ask: () => Promise<Operation | { readonly operation: Operation }>): Promise<Operation> => {
  const asked = await tracer.within(CALLER, ask);
  return await finish(server, 'operation' in asked ? asked.operation : asked);
};

describe('what is asked for by somebody who is traced', () => {
  it('is part of that trace: a volume, with its steps', async () => {
    const asked = { name: 'books', labels: {}, sizeGib: 1, source: { kind: 'empty' } } as const;
    await asCaller(() => server.engine.volumes.create(ADMIN, asked));
    await asCaller(() => server.engine.volumes.delete(ADMIN, 'books'));

    const spans = await told();

    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([CALLER.traceId]));
    const operations = spans.filter(({ name }) => name.startsWith('volume.'));
    expect(operations.map(({ parentSpanId }) => parentSpanId)).toEqual([CALLER.spanId, CALLER.spanId]);
    expect(lineages(spans)).toEqual([
      'driver create-volume < step make-volume < volume.create',
      'driver remove-volume < step remove-volume < volume.delete',
      'step make-volume < volume.create',
      'step remove-volume < volume.delete',
      'volume.create',
      'volume.delete',
    ]);
  });

  it('is part of that trace: a batch, with the operations of its items', async () => {
    await create(server, 'a');
    const items = [{ action: 'stop', target: { vm: 'a' }, graceMs: 0 }] as const;

    await asCaller(() => server.engine.batches.run(ADMIN, { isStoppedByError: false, concurrency: 1, items }));

    const spans = (await told()).filter(({ traceId }) => traceId === CALLER.traceId);
    expect(lineages(spans)).toContain('step end-machine < vm.stop < vm.batch');
    expect(lineages(spans)).toContain('driver end-machine < step end-machine < vm.stop < vm.batch');
  });

  it('is not what goes on afterwards in what it has begun', async () => {
    await asCaller(() => server.engine.vms.create(ADMIN, request('a')));
    await asCaller(() => server.engine.vms.pause(ADMIN, 'a', {}));
    await finish(server, (await server.engine.vms.resume(ADMIN, 'a', {})).operation);

    const spans = await told();

    const [resumed] = spans.filter(({ name }) => name === 'vm.resume');
    expect(resumed?.traceId).not.toBe(CALLER.traceId);
    expect(resumed?.parentSpanId).toBe('');
    for (const { name, traceId } of spans) if (/resume/.test(name)) expect(traceId).toBe(resumed?.traceId);
    // Looks at VMs, and what asks their guests all the time, are part of nothing.
    for (const { name, parentSpanId } of spans)
      if (!name.startsWith('vm.')) expect(spans.some(({ spanId }) => spanId === parentSpanId)).toBe(true);
  });
});

driverContract({
  name: 'the simulated driver with spans',
  make: async () => {
    const subject = makeSimulatedSubject();
    const traced = tracerTo('http://127.0.0.1:1');
    // As part of something: else nothing is a span.
    const always: Tracer = { ...traced, current: () => CALLER };
    const makeDriver = () => driverWithSpans(subject.makeDriver(), always);
    return { ...subject, makeDriver };
  },
});
