import type { EpochMs } from '../domain/time.ts';
import type { PlannedSpan, SpanContext } from '../domain/trace.ts';

/** What a span is told with. No secrets, no paths of the host: it leaves this machine. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** Why what a span is of did not come about; null: it did, or nobody can tell. `message` is what a caller may read. */
export interface SpanFault {
  readonly reason: string;
  readonly message: string;
}

export interface SpanStart {
  /** One of few: `POST /v1/vms`, `step start-machine`. */
  readonly name: string;
  /** `server`: it answers somebody; `client`: it waits for another program; absent: neither. */
  readonly kind?: 'server' | 'client';
  readonly attributes?: SpanAttributes;
  /** What it is part of; null: a trace begins with it. */
  readonly parent: SpanContext | null;
}

/** Something that goes on. To be ended once; what is called after that does nothing. */
export interface Span {
  readonly context: SpanContext;
  /** `name`: a better one, where that is known only now. */
  end(how?: { readonly name?: string; readonly attributes?: SpanAttributes; readonly fault?: SpanFault | null }): void;
}

/** A span that is over, as it is told of afterwards. */
export interface PastSpan {
  readonly name: string;
  readonly attributes: SpanAttributes;
  readonly startedAt: EpochMs;
  readonly completedAt: EpochMs;
  readonly events: readonly { readonly name: string; readonly at: EpochMs; readonly attributes: SpanAttributes }[];
  readonly fault: SpanFault | null;
}

/** Spans that have gone to where they are kept, and that have not and never will. */
export interface SpanCounts {
  readonly exported: number;
  readonly lost: number;
}

/**
 * Tells of what the server does, as spans of traces. Whoever has one to call is given `Tracer | null`: where nobody wants traces there is none, so that they
 * cost nothing. No method waits or throws because of where the spans go to; those that nobody takes are lost, and counted.
 */
export interface Tracer extends AsyncDisposable {
  /** What the caller is part of; null: of nothing that is traced. */
  current(): SpanContext | null;
  /** Has `work`, and all that it awaits or begins, be part of this; null: of nothing. */
  within<T>(context: SpanContext | null, work: () => T): T;
  start(span: SpanStart): Span;
  /** A place for a span, which others can be part of before it is told of. */
  plan(name: string, parent: SpanContext | null): PlannedSpan;
  /** Tells of a planned span that is over, once. */
  record(planned: PlannedSpan, span: PastSpan): void;
  counts(): SpanCounts;
  /** A sentence while what was sent last was not taken, which anybody may read; else null. */
  whyNot(): string | null;
}
