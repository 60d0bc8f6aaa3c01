import type { EpochMs } from '../domain/time.ts';
import type { PlannedSpan, SpanContext } from '../domain/trace.ts';

/** Attributes of a span. No secrets and no host paths: they leave this machine. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** Why the traced work failed; null: it succeeded, or the result is unknown. `message` is safe to show to a caller. */
export interface SpanFault {
  readonly reason: string;
  readonly message: string;
}

export interface SpanStart {
  /** Of low cardinality: `POST /v1/vms`, `step start-machine`. */
  readonly name: string;
  /** `server`: it handles a request; `client`: it waits for another program; absent: neither. */
  readonly kind?: 'server' | 'client';
  readonly attributes?: SpanAttributes;
  /** Its parent; null: it starts a trace. */
  readonly parent: SpanContext | null;
}

/** Work in progress. End it once; later calls do nothing. */
export interface Span {
  readonly context: SpanContext;
  /** `name`: a better name, if it is known only now. */
  end(how?: { readonly name?: string; readonly attributes?: SpanAttributes; readonly fault?: SpanFault | null }): void;
}

/** A finished span, exported afterwards. */
export interface PastSpan {
  readonly name: string;
  readonly attributes: SpanAttributes;
  readonly startedAt: EpochMs;
  readonly completedAt: EpochMs;
  readonly events: readonly { readonly name: string; readonly at: EpochMs; readonly attributes: SpanAttributes }[];
  readonly fault: SpanFault | null;
}

/** Spans that were exported, and spans that were lost. */
export interface SpanCounts {
  readonly exported: number;
  readonly lost: number;
}

/**
 * Exports what the server does as spans of traces. Users of this port get `Tracer | null`: without a configured
 * exporter there is none, so that tracing costs nothing. No method waits for the receiver or throws because of it;
 * spans that it does not accept are lost, and counted.
 */
export interface Tracer extends AsyncDisposable {
  /** The caller's current span; null: it is not traced. */
  current(): SpanContext | null;
  /** Runs `work`, and everything it awaits or starts, as part of this span; null: of none. */
  within<T>(context: SpanContext | null, work: () => T): T;
  start(span: SpanStart): Span;
  /** An id for a future span, which other spans can already have as their parent. */
  plan(name: string, parent: SpanContext | null): PlannedSpan;
  /** Exports a planned span that has ended; call it once. */
  record(planned: PlannedSpan, span: PastSpan): void;
  counts(): SpanCounts;
  /** A sentence, safe to show to anybody, while the last export was not accepted; else null. */
  whyNot(): string | null;
}
