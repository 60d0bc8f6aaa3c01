import type { Event, LogLine } from '@volary/contract';

/** What is looked at of an event, and of a line. */
export type CheckedEvent = Pick<Event, 'type' | 'subject' | 'at'>;
export type CheckedLine = Pick<LogLine, 'timestamp' | 'fields'>;

/** Lines that are taken from events are of these sources. */
export const EVENT_SOURCES = ['engine', 'operation', 'execution'] as const;

/** How the log differs from the events that it is taken from. */
export interface LogDifference {
  /** Events without a line: they may come yet. */
  readonly missing: readonly string[];
  /** Events with more than one. */
  readonly doubled: readonly string[];
}

/** Each event is one line, whenever the server was killed. `lines` may be more, of other events. */
export function compareLines(events: readonly CheckedEvent[], lines: readonly CheckedLine[]): LogDifference {
  const wanted = counted(events.map(({ at, type, subject }) => `${at} ${type} ${subject}`));
  const found = counted(lines.map(({ timestamp, fields }) => `${timestamp} ${fields['event']} ${fields['subject']}`));
  const entries = [...wanted].map(([key, count]) => ({ key, count, has: found.get(key) ?? 0 }));
  return {
    missing: entries.filter(({ count, has }) => has < count).map(({ key }) => key),
    doubled: entries.filter(({ count, has }) => has > count).map(({ key, has }) => `${key} (${has} lines)`),
  };
}

function counted(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
