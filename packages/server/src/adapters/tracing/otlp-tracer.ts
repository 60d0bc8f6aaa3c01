/**
 * Tells of spans by OpenTelemetry, which sends them in batches over OTLP/HTTP. This file and what it imports are loaded by servers that export traces alone: they take
 * time and memory. OpenTelemetry's own global state is left alone.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import {
  type Context,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { PlannedSpan, SpanContext } from '../../domain/trace.ts';
import type { Log } from '../../ports/log.ts';
import type { Span, SpanFault, Tracer } from '../../ports/tracer.ts';
import { createSpanCounter } from './span-counter.ts';

export interface OtlpTracerConfig {
  /** Where spans are posted to: `http://localhost:4318/v1/traces`. */
  readonly url: string;
  /** Sent with each post; they may hold keys. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the server is called in traces; and what else is known of it. */
  readonly resource: Readonly<Record<string, string>>;
  /** Which traces are recorded: this part of them, 0 to 1; and, if so told, those of which a caller says that they are. */
  readonly sampling: { readonly ratio: number; readonly followsCaller: boolean };
  /** Spans wait so long for others to go with them, milliseconds. */
  readonly delayMs: number;
  /** A post may take so long, with its repetitions: so long a server that ends may wait for one that is under way, milliseconds. */
  readonly timeoutMs: number;
  /** Spans that wait at most; past it the newest are lost. */
  readonly maxWaiting: number;
}

/** Of one post, spans. */
const BATCH = 512;
/** The last spans have so long when the server stops, milliseconds. */
const FLUSH_MS = 2_000;

export function createOtlpTracer({ log }: { readonly log: Log }, config: OtlpTracerConfig): Tracer {
  const { url, headers, maxWaiting, delayMs, timeoutMs } = config;
  const places = new AsyncLocalStorage<SpanContext | null>();
  const sampler = createSampler(config.sampling);
  const counter = createSpanCounter({ log }, { maxWaiting });
  // Set while a span is begun whose place was planned; beginning one is synchronous.
  let planned: PlannedSpan | null = null;
  const provider = new TracerProvider({
    resource: resourceFromAttributes(config.resource),
    sampler: {
      shouldSample: (...asked) =>
        planned === null ? sampler.shouldSample(...asked) : { decision: SamplingDecision.RECORD_AND_SAMPLED },
      toString: () => sampler.toString(),
    },
    idGenerator: {
      generateTraceId: () => planned?.traceId ?? randomId(16),
      generateSpanId: () => planned?.spanId ?? randomId(8),
    },
    spanProcessors: [
      counter.before(
        new BatchSpanProcessor({
          exporter: counter.around(new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: timeoutMs })),
          scheduledDelayMillis: delayMs,
          maxQueueSize: maxWaiting,
          maxExportBatchSize: Math.min(BATCH, maxWaiting),
        }),
      ),
    ],
  });
  const tracer = provider.getTracer('volary');

  return {
    current: () => places.getStore() ?? null,
    within: (context, work) => places.run(context, work),
    start({ name, kind, attributes = {}, parent }) {
      const span = tracer.startSpan(name, { kind: KINDS[kind ?? 'internal'], attributes }, contextOf(parent));
      return { context: toSpanContext(span), end: (how = {}) => endSpan(span, how) };
    },
    plan(name, parent) {
      const traceId = parent?.traceId ?? randomId(16);
      const isSampled = decide(sampler, { name, traceId, parent });
      return { traceId, spanId: randomId(8), isSampled, parentSpanId: parent?.spanId ?? null };
    },
    record(place, { name, attributes, startedAt, completedAt, events, fault }) {
      if (!place.isSampled) return;
      const { traceId, parentSpanId, isSampled } = place;
      const parent = parentSpanId === null ? null : { traceId, spanId: parentSpanId, isSampled };
      planned = place;
      let span: OtelSpan;
      try {
        span = tracer.startSpan(name, { attributes, startTime: startedAt }, contextOf(parent));
      } finally {
        planned = null;
      }
      for (const event of events) span.addEvent(event.name, event.attributes, event.at);
      markFault(span, fault);
      span.end(completedAt);
    },
    counts: counter.counts,
    whyNot: () =>
      counter.isFailing() ? `Traces are not taken at ${hostOf(url)}; the log of the server says why.` : null,
    async [Symbol.asyncDispose]() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, FLUSH_MS).unref());
      // What became of it has been counted, and told.
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      counter.close();
    },
  };
}

function createSampler({ ratio, followsCaller }: OtlpTracerConfig['sampling']): Sampler {
  const root = new TraceIdRatioBasedSampler(ratio);
  return followsCaller ? new ParentBasedSampler({ root }) : root;
}

/** The rest of a URL may hold a key. */
function hostOf(url: string): string {
  return new URL(url).host;
}

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;

function endSpan(span: OtelSpan, { name, attributes, fault }: NonNullable<Parameters<Span['end']>[0]>): void {
  if (name !== undefined) span.updateName(name);
  if (attributes !== undefined) span.setAttributes(attributes);
  markFault(span, fault ?? null);
  span.end();
}

function markFault(span: OtelSpan, fault: SpanFault | null): void {
  if (fault === null) return;
  span.setStatus({ code: SpanStatusCode.ERROR, message: fault.message });
  span.setAttribute('error.type', fault.reason);
}

function contextOf(parent: SpanContext | null): Context {
  if (parent === null) return ROOT_CONTEXT;
  const { traceId, spanId, isSampled } = parent;
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function toSpanContext(span: OtelSpan): SpanContext {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
}

function decide(
  sampler: Sampler,
  { name, traceId, parent }: { readonly name: string; readonly traceId: string; readonly parent: SpanContext | null },
): boolean {
  const { decision } = sampler.shouldSample(contextOf(parent), traceId, name, SpanKind.INTERNAL, {}, []);
  return decision === SamplingDecision.RECORD_AND_SAMPLED;
}

/** Not all 0, which stands for none: that is one in 2 to the power of 64 at most. */
function randomId(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
