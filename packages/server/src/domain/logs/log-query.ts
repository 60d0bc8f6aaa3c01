import type { VmId } from '../ids.ts';
import type { EpochMs } from '../time.ts';
import type { LogLevel, LogLine, LogSource } from './log-line.ts';

/** Which lines; what is absent does not narrow. */
export interface LogFilter {
  readonly vmId?: VmId;
  /** Lines of this user's resources alone. */
  readonly owner?: string;
  readonly operationId?: string;
  readonly executionId?: string;
  readonly sources?: readonly LogSource[];
  /** This one and graver ones. */
  readonly minLevel?: LogLevel;
  /** Each of them occurs in the message: words that follow one another, in any case, with or without accents. Never empty. */
  readonly phrases?: readonly (readonly string[])[];
  /** From this moment on, and before that one. */
  readonly sinceMs?: EpochMs;
  readonly untilMs?: EpochMs;
}

export interface LogQuery extends LogFilter {
  /** `forward`: those after `from`, oldest first; `backward`: those before it, newest first. */
  readonly direction: 'forward' | 'backward';
  /** A sequence; null: from the first one, or back from the last. */
  readonly from: number | null;
  readonly limit: number;
}

export interface LogPage {
  readonly lines: readonly LogLine[];
  /** Where to go on: all lines up to this sequence, itself included, have been looked at; backwards, all from it on. */
  readonly reached: number;
  /**
   * True: there was nothing beyond. A page may have fewer lines than asked for, or none, and there may be more: looking
   * for them takes a bounded time, and a page has PAGE_CHARACTERS at most.
   */
  readonly isAtEnd: boolean;
}

/**
 * What the messages and fields of one page come to, characters, unless its first line alone has more. A character is
 * six at most as JSON: so a reader who takes nothing holds a megabyte and a half, and not what hundreds of long lines
 * would come to.
 */
export const PAGE_CHARACTERS = 256 * 1024;

const WORD = /[\p{L}\p{N}\p{M}\p{Co}]+/gu;

/**
 * What is looked for by this text: the words of each part between blanks have to follow one another, so that `user=42` is found as such. Null: there
 * is no letter or digit in it. Nothing in it means anything else.
 */
export function phrasesOf(text: string): readonly (readonly string[])[] | null {
  const phrases = text
    .split(/\s+/)
    .map((part) => part.match(WORD) ?? [])
    .filter((words) => words.length > 0);
  return phrases.length === 0 ? null : phrases;
}
