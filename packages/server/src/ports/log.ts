/** Fields of a log line. Well-known: vmId, operationId, step, driver, hostId, requestId, error. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Static messages with fields. `info`: a change of state an operator cares about; `warn` and `error`: once, where the
 * fault is handled, with the whole chain of causes under `error`.
 */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log that adds these fields to each line. */
  child(fields: LogFields): Log;
}
