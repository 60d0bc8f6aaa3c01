import type { LokiEntry } from './loki-client.ts';

/** How many lines fit into one answer, by how long those of the last ones were. */
export interface AnswerSize {
  /** That are asked for next at most. */
  readonly lines: number;
  note(entries: readonly LokiEntry[]): void;
  /** There was no answer to so many. */
  shrink(): void;
}

/** Lines of one answer at most, less than the `max_entries_limit_per_query` of 5,000 that Loki comes with. */
const MOST_LINES = 2_000;
/**
 * These fit whatever is in them: 16 KiB of text and 48 KiB of fields each, which Loki may send twice, with the labels
 * and with the line.
 */
const SURE_LINES = 32;
/**
 * Well below what one part of Loki takes from another at once, `grpc_server_max_recv_msg_size`, 4 MiB: the next lines
 * may be longer than the last ones.
 */
const ANSWER_BYTES = 1024 ** 2;

export function createAnswerSize(): AnswerSize {
  let lines = SURE_LINES;
  return {
    get lines() {
      return lines;
    },
    note(entries) {
      if (entries.length === 0) return;
      const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
      const fitting = Math.floor((ANSWER_BYTES * entries.length) / bytes);
      lines = Math.min(MOST_LINES, Math.max(SURE_LINES, fitting));
    },
    shrink() {
      lines = SURE_LINES;
    },
  };
}

function bytesOf({ message, labels }: LokiEntry): number {
  const metadata = Object.entries(labels).reduce(
    (sum, [name, value]) => sum + name.length + Buffer.byteLength(value),
    0,
  );
  return 1 + Buffer.byteLength(message) + 2 * metadata;
}
