import type { Log, LogFields } from '../../ports/log.ts';
import type { Tracer } from '../../ports/tracer.ts';

/** A log whose lines name the trace that they were written in, and the span. */
export function logWithTraces(log: Log, tracer: Pick<Tracer, 'current'>): Log {
  const withIds = (fields: LogFields | undefined): LogFields | undefined => {
    const context = tracer.current();
    return context === null ? fields : { traceId: context.traceId, spanId: context.spanId, ...fields };
  };
  return {
    debug: (message, fields) => log.debug(message, withIds(fields)),
    info: (message, fields) => log.info(message, withIds(fields)),
    warn: (message, fields) => log.warn(message, withIds(fields)),
    error: (message, fields) => log.error(message, withIds(fields)),
    child: (fields) => logWithTraces(log.child(fields), tracer),
  };
}
