import type { ExecutionId, VmId } from '../ids.ts';
import type { JsonObject } from '../json.ts';
import type { EpochMs } from '../time.ts';

/** How grave a line is, the least first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Who said it. `console`, `stdout`, `stderr`: a guest, the latter two its workload. `operation`, `execution`, `engine`: what happened to
 * operations, to commands, and to all else. `server`: what the program says of itself, for its operator alone.
 */
export const LOG_SOURCES = ['console', 'stdout', 'stderr', 'operation', 'execution', 'engine', 'server'] as const;
export type LogSource = (typeof LOG_SOURCES)[number];
export type GuestSource = Extract<LogSource, 'console' | 'stdout' | 'stderr'>;

/**
 * What is to be known about a line. `truncated`: it was longer. `invalid_utf8`: what was no text is U+FFFD. `gap`: something is missing here. `partial`: it
 * had no end when nothing more had come for a while, as a prompt has none, or its end is missing; what comes then is a line of its own. Kept by their places: new ones come last.
 */
export const LOG_MARKS = ['truncated', 'invalid_utf8', 'gap', 'partial'] as const;
export type LogMark = (typeof LOG_MARKS)[number];

/** A line before the store gave it its number. */
export interface NewLogLine {
  /** When it came to the server, or when what it tells of happened. */
  readonly at: EpochMs;
  readonly level: LogLevel;
  readonly source: LogSource;
  /** Text without its line end, at most `MAX_MESSAGE_BYTES`. */
  readonly message: string;
  readonly vmId: string | null;
  /** Name of the user whose resource it is about; null: of the installation's. */
  readonly owner: string | null;
  readonly operationId: string | null;
  readonly executionId: string | null;
  readonly fields: JsonObject;
  readonly marks: readonly LogMark[];
}

/** A line that is kept. `sequence` grows from line to line, and is never used again; not every number is used. */
export interface LogLine extends NewLogLine {
  readonly sequence: number;
}

/** Longer lines are cut, UTF-8 bytes. */
export const MAX_MESSAGE_BYTES = 16 * 1024;

/** What a guest wrote, before it is split into lines. */
export interface GuestOutput {
  /** Names the sequence of bytes that this is a part of, for ever: `console:vm_…`. */
  readonly key: string;
  readonly source: GuestSource;
  readonly vmId: VmId;
  readonly owner: string;
  /** Of the workload that wrote it. */
  readonly executionId: ExecutionId | null;
  readonly at: EpochMs;
  /** Of the first byte within the sequence. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** True: nothing comes after this, so that what has no line end is a line too. */
  readonly isEnd: boolean;
  /** True: nothing has come for a while, or what follows is missing, so that what has no line end is a line too, marked as partial. */
  readonly isPaused?: boolean;
}

/** The first words of a line that name a level. */
const LEVEL_WORDS: Readonly<Record<string, LogLevel>> = {
  ...{ trace: 'debug', debug: 'debug', info: 'info', notice: 'info', warn: 'warn', warning: 'warn' },
  ...{ error: 'error', err: 'error', fatal: 'error', critical: 'error', panic: 'error', emerg: 'error' },
};
/** What is looked at of a line to find its level, characters. */
const HEAD_CHARACTERS = 160;
/** `level=warn`, `"level":"warn"`; else a word in capitals or in brackets. */
const NAMED_LEVEL = /\b(?:level|lvl|severity)"?\s?[=:]\s?"?([A-Za-z]{3,8})\b/;
const LEADING_LEVEL = /(?:^|[\s[(<|])(?:\[([a-z]{3,8})\]|([A-Z]{4,8})(?=[\]:)>|\s]))/;

/** What a line of a guest says of its own level; what says nothing of it is `info`, or `warn` where it went to stderr. */
export function levelOf(message: string, source: GuestSource): LogLevel {
  const head = message.length > HEAD_CHARACTERS ? message.slice(0, HEAD_CHARACTERS) : message;
  const named = NAMED_LEVEL.exec(head)?.[1];
  const leading = named === undefined ? LEADING_LEVEL.exec(head) : null;
  const word = named ?? leading?.[1] ?? leading?.[2] ?? '';
  return LEVEL_WORDS[word.toLowerCase()] ?? (source === 'stderr' ? 'warn' : 'info');
}
