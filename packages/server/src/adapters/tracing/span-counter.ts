/** Counts spans on their way out: what waits, what was taken, and what is lost since nobody took it or too many waited already. */
import { TraceFlags } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import { createTrouble } from '../../lib/trouble.ts';
import type { Log } from '../../ports/log.ts';
import type { SpanCounts } from '../../ports/tracer.ts';

export interface SpanCounter {
  /** Hands ended spans on, as long as no more than `maxWaiting` wait to be sent. */
  before(processor: SpanProcessor): SpanProcessor;
  /** Sends, and sees what became of it. The first failure is told of, and the first success after one. */
  around(exporter: SpanExporter): SpanExporter;
  counts(): SpanCounts;
  isFailing(): boolean;
  /** What has not been sent yet is lost. */
  close(): void;
}

export function createSpanCounter(
  { log }: { readonly log: Log },
  { maxWaiting }: { readonly maxWaiting: number },
): SpanCounter {
  let waiting = 0;
  let sending = 0;
  let exported = 0;
  let lost = 0;
  const trouble = createTrouble({
    begins: (error) => log.warn('traces cannot be exported; they are lost until they can', { error }),
    ends: () => log.info('traces are exported again', { lost }),
  });
  let isClosed = false;

  function noteEnd(count: number, error: Error | null): void {
    // After the end all of them have been counted as lost.
    if (isClosed) return;
    sending -= count;
    if (error === null) {
      exported += count;
      trouble.recovered();
    } else {
      lost += count;
      trouble.failed(error);
    }
  }

  return {
    before: (processor) => ({
      onStart: (span, context) => processor.onStart(span, context),
      onEnd(span) {
        if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
        if (waiting >= maxWaiting || isClosed) {
          lost += 1;
          return;
        }
        waiting += 1;
        processor.onEnd(span);
      },
      forceFlush: () => processor.forceFlush(),
      shutdown: () => processor.shutdown(),
    }),
    around: (exporter) => ({
      export(spans, done) {
        const count = spans.length;
        waiting -= count;
        sending += count;
        exporter.export(spans, (result) => {
          const failed = result.code !== ExportResultCode.SUCCESS;
          noteEnd(count, failed ? (result.error ?? new Error('the exporter gave no reason')) : null);
          done(result);
        });
      },
      shutdown: () => exporter.shutdown(),
    }),
    counts: () => ({ exported, lost }),
    isFailing: trouble.isOn,
    close() {
      if (isClosed) return;
      isClosed = true;
      lost += waiting + sending;
    },
  };
}
