import { toVolaryError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { SpanFault, SpanStart, Tracer } from '../../ports/tracer.ts';

/**
 * Does `work` in a span of its own, which ends with it, well or not. Where nothing is traced it is just done, and so it is where that span would be part of
 * nothing: what only looks whether there is something to be done is not worth a trace.
 */
export async function traced<T>(tracer: Tracer | null, start: SpanStart, work: () => Promise<T>): Promise<T> {
  if (tracer === null || start.parent === null) return await work();
  const span = tracer.start(start);
  try {
    const result = await tracer.within(span.context, work);
    span.end();
    return result;
  } catch (error) {
    span.end({ fault: toFault(error) });
    throw error;
  }
}

/** Does `work` as part of an operation; of one that nobody traces it is part of nothing. */
export function asPartOf<T>(tracer: Tracer | null, operation: Pick<Operation, 'trace'> | null, work: () => T): T {
  return tracer === null ? work() : tracer.within(operation?.trace ?? null, work);
}

/** What is told of an error. Not its causes, nor its context: those may hold paths of the host. */
function toFault(error: unknown): SpanFault {
  if (error instanceof Error && error.name === 'AbortError')
    return { reason: 'aborted', message: 'It was interrupted.' };
  return toVolaryError(error);
}
