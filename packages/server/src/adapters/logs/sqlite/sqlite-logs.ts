/** Lines in a file of their own: they are written all the time, and may be lost without harm. */
import type { VmId } from '../../../domain/ids.ts';
import type { LogPage } from '../../../domain/logs/log-query.ts';
import type { Log } from '../../../ports/log.ts';
import type { LogStore } from '../../../ports/log-store.ts';
import type { LogQuestion } from './log-service.ts';
import { createLogThread, startHere, startWorker } from './log-thread.ts';

/**
 * Two threads have the file, one that writes and one that reads, for what either does would keep all requests waiting. A file that is damaged, or of another version, is put aside or
 * dropped and begun anew. Without `isInThread` this thread does all of it, for tests that start hundreds of servers. What is about `log` itself must not be in it: that would come here again.
 */
export function openSqliteLogs(
  path: string,
  { log, isInThread = true }: { readonly log: Log; readonly isInThread?: boolean },
): LogStore {
  const start = isInThread ? startWorker : startHere;
  const damaged = (error: unknown): void =>
    log.error('the logs are damaged: they are put aside and begun anew', { error });
  const writer = createLogThread({ path, isWriter: true, start }, damaged);
  const reader = createLogThread({ path, isWriter: false, start }, damaged);
  let made: Promise<unknown> | null = null;

  // A thread of our own answers in the words that it was asked in.
  const ask = async <T>(thread: typeof writer, question: LogQuestion): Promise<T> => (await thread.ask(question)) as T;

  /** Only who writes makes the file. */
  async function whenMade(): Promise<void> {
    made ??= writer.ask({ kind: 'last' });
    try {
      await made;
    } catch (error) {
      made = null;
      throw error;
    }
  }

  return {
    append: (lines, cursor) => ask(writer, { kind: 'append', lines, cursor: cursor ?? null }),
    appendOutput: (output) => ask(writer, { kind: 'appendOutput', output }),
    cursor: (key) => ask(writer, { kind: 'cursor', key }),
    cursors: (prefix) => ask(writer, { kind: 'cursors', prefix }),
    dropCursors: (keys) => ask(writer, { kind: 'dropCursors', keys }),
    last: () => ask(writer, { kind: 'last' }),
    prune: (bounds) => ask(writer, { kind: 'prune', bounds }),
    async read(query) {
      await whenMade();
      return await ask<LogPage>(reader, { kind: 'read', query });
    },
    async vms() {
      await whenMade();
      return await ask<readonly VmId[]>(reader, { kind: 'vms' });
    },
    async [Symbol.asyncDispose]() {
      await reader[Symbol.asyncDispose]();
      await writer[Symbol.asyncDispose]();
    },
  };
}
