import { VolaryError } from '../../domain/errors.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { LogLevel, NewLogLine } from '../../domain/logs/log-line.ts';
import { MAX_MESSAGE_BYTES } from '../../domain/logs/log-line.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log, LogFields } from '../../ports/log.ts';
import type { LogStore } from '../../ports/log-store.ts';
import { toLoggableFields } from './loggable.ts';

/** What waits to be kept at most; past it the newest lines are written out and not kept. */
const WAITING_LINES = 2_000;
/** Fields that take more as JSON are left out, characters. */
const FIELD_CHARACTERS = 8 * 1024;
/** After a failure, milliseconds. */
const PAUSE_MS = 1_000;

/** A log whose lines are kept as well, beside what it writes out. Disposing keeps what waits. */
export interface KeptLog extends AsyncDisposable {
  readonly log: Log;
}

interface KeptLogDeps {
  /** Writes the lines out. What is about keeping them goes there alone. */
  readonly log: Log;
  readonly logs: Pick<LogStore, 'append'>;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  /** Called when lines have been kept. */
  readonly kept: () => void;
}

/** Nobody waits for it: lines are kept in the background. They wait while they cannot be, and it is told how many came that had no room to. */
export function createKeptLog(deps: KeptLogDeps): KeptLog {
  const { log, logs, clock, kept } = deps;
  const closing = new AbortController();
  let waiting: NewLogLine[] = [];
  let leftOut = 0;
  let keeping: Promise<void> | null = null;

  function take(line: NewLogLine): void {
    if (waiting.length >= WAITING_LINES) leftOut += 1;
    else waiting.push(line);
    keeping ??= keep().finally(() => {
      keeping = null;
    });
  }

  /** What there is no room for is the newest. */
  function giveBack(lines: readonly NewLogLine[], count: number): void {
    const all = [...lines, ...waiting];
    waiting = all.slice(0, WAITING_LINES);
    leftOut += count + all.length - waiting.length;
  }

  async function keep(): Promise<void> {
    // What is said in one turn goes together.
    await Promise.resolve();
    while (waiting.length > 0) {
      const [lines, count] = [waiting, leftOut];
      waiting = [];
      leftOut = 0;
      try {
        await logs.append(count === 0 ? lines : [...lines, gapLine(clock.now(), count)]);
        kept();
      } catch (error) {
        const isAway = error instanceof VolaryError && error.code === 'unavailable';
        // What the log cannot take for another reason it would never take.
        if (isAway) giveBack(lines, count);
        else leftOut += count + lines.length;
        log.debug('lines of the server could not be kept', { error });
        if (closing.signal.aborted) return;
        await clock.sleep(PAUSE_MS, closing).catch(() => undefined);
      }
    }
  }

  return {
    log: tee(log, {}, (level, message, fields) => take(toLine(clock.now(), level, message, fields))),
    async [Symbol.asyncDispose]() {
      closing.abort(new DOMException('the server is stopping', 'AbortError'));
      await keeping;
    },
  };
}

type Take = (level: LogLevel, message: string, fields: LogFields) => void;

function tee(log: Log, always: LogFields, take: Take): Log {
  const both = (level: Exclude<LogLevel, 'debug'>) => (message: string, fields?: LogFields) => {
    log[level](message, fields);
    take(level, message, { ...always, ...fields });
  };
  return {
    // Who looks for a fault reads it where it is written out.
    debug: (message, fields) => log.debug(message, fields),
    ...{ info: both('info'), warn: both('warn'), error: both('error') },
    child: (fields) => tee(log.child(fields), { ...always, ...fields }, take),
  };
}

function toLine(at: number, level: LogLevel, message: string, given: LogFields): NewLogLine {
  const text = JSON.stringify(toLoggableFields(given));
  const isTooLong = text.length > FIELD_CHARACTERS;
  // What is written as JSON is JSON.
  const fields: JsonObject = isTooLong ? {} : JSON.parse(text);
  return {
    ...{ at, level, source: 'server', message: message.slice(0, MAX_MESSAGE_BYTES), fields },
    ...{
      vmId: textOf(given['vmId']),
      operationId: textOf(given['operationId']),
      executionId: textOf(given['executionId']),
    },
    owner: null,
    marks: isTooLong ? ['truncated'] : [],
  };
}

function gapLine(at: number, count: number): NewLogLine {
  const message = `${count} lines of the server are missing here: they came faster than they could be kept.`;
  return { ...toLine(at, 'warn', message, { missing_lines: count }), marks: ['gap'] };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
