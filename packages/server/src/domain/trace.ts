/** A span's place in its trace, as W3C Trace Context has it (https://www.w3.org/TR/trace-context/). */
export interface SpanContext {
  /** 32 lower-case hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** 16 of them. */
  readonly spanId: string;
  /** Whether the trace is recorded. */
  readonly isSampled: boolean;
}

/** The place that is kept for a span which is told of when it is over: by this server, or by one after it. */
export interface PlannedSpan extends SpanContext {
  /** In the same trace; null where that begins with this span. */
  readonly parentSpanId: string | null;
}
