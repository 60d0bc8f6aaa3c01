import { LOG_LEVELS, LOG_SOURCES, type LogLevel, type LogSource } from '@volary/contract';
import type { LogSelection } from '@volary/sdk';
import { type Command, InvalidArgumentError } from 'commander';
import { parseMoment } from '../audit/audit-options.ts';

/** What narrows the log; one of them is enough to look into it. */
export interface LogOptions {
  readonly all?: true;
  readonly source?: readonly LogSource[];
  readonly level?: LogLevel;
  readonly grep?: string;
  readonly since?: string;
  readonly until?: string;
  readonly operation?: string;
}

/** The options that say which lines. */
export function addLogOptions(command: Command): Command {
  return command
    .option('--all', 'lines of all sources: the output of its guest and what happens to it')
    .option('--source <sources>', `only these, with commas between: ${LOG_SOURCES.join(', ')}`, parseSources)
    .option('--level <level>', `this level and more severe ones: ${LOG_LEVELS.join(', ')}`, parseLevel)
    .option('--grep <words>', 'only lines with all of these words')
    .option('--since <moment>', 'only from this time on: 2026-01-31T12:00:00Z, or 30m, 2h, 7d ago', parseMoment)
    .option('--until <moment>', 'only before this time, in the same form', parseMoment)
    .option('--operation <id>', 'only lines of this operation');
}

/** Whether they ask for lines of the log, and not for a console as it is. */
export function areOfLog({ all, source, level, grep, since, until, operation }: LogOptions): boolean {
  return all === true || [source, level, grep, since, until, operation].some((given) => given !== undefined);
}

export function toLogSelection(ref: string | undefined, options: LogOptions): LogSelection {
  const { source, level, grep, since, until, operation } = options;
  const of = ref === undefined ? {} : ref.startsWith('exec_') ? { execution: ref } : { vm: ref };
  return {
    ...of,
    ...(source === undefined ? {} : { sources: source }),
    ...(level === undefined ? {} : { level }),
    ...(grep === undefined ? {} : { search: grep }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(operation === undefined ? {} : { operation }),
  };
}

function parseLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((each) => each === text);
  if (level !== undefined) return level;
  throw new InvalidArgumentError(`It is one of ${LOG_LEVELS.join(', ')}.`);
}

function parseSources(text: string, previous: readonly LogSource[] = []): readonly LogSource[] {
  const sources = text.split(',').map((name) => {
    const source = LOG_SOURCES.find((each) => each === name);
    if (source !== undefined) return source;
    throw new InvalidArgumentError(`They are some of ${LOG_SOURCES.join(', ')}.`);
  });
  return [...previous, ...sources];
}
