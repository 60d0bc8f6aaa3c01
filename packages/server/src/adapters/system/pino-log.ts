import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import type { Log, LogFields } from '../../ports/log.ts';
import { toLoggableFields } from './loggable.ts';
import { openStandardError } from './standard-error.ts';

export interface PinoLogConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /**
   * Where lines go; default: this process's stderr, each line written before the call returns unless nobody takes it.
   */
  readonly stream?: DestinationStream;
}

/** A log of one JSON object a line: `time` (ISO-8601 UTC), `level`, `message`, and the fields, secrets hidden. */
export function createPinoLog({ level, stream }: PinoLogConfig): Log {
  const logger = pino(
    {
      level,
      // Process id and host name are what a log collector adds by itself.
      base: null,
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream ?? standardError(),
  );
  return toLog(logger);
}

/** Each line is written before the call returns, since the last words before a crash are those that matter. */
function standardError(): DestinationStream {
  return openStandardError((lost) => {
    const line = {
      level: 'warn',
      time: new Date().toISOString(),
      message: 'lines of this log were lost: nobody took them',
      lost,
    };
    return `${JSON.stringify(line)}\n`;
  });
}

function toLog(logger: Logger): Log {
  const write = (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: LogFields | undefined): void => {
    if (!logger.isLevelEnabled(level)) return;
    logger[level](fields === undefined ? {} : toLoggableFields(fields), message);
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    child: (fields) => toLog(logger.child(toLoggableFields(fields))),
  };
}
