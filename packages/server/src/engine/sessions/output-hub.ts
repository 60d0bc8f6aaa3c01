import type { OutputChunk } from '../../ports/guest-link.ts';
import type { ExecutionUpdate } from '../apis/execution-api.ts';

/** A reader may be this far behind, bytes, before the command has to wait for it. */
const BACKLOG_BYTES = 1024 * 1024;
/** Of what waits for nobody, a reader further behind than this misses some, bytes. */
const MISSED_PAST_BYTES = 4 * BACKLOG_BYTES;

/** Somebody who follows a command live. */
export interface OutputReader {
  /** Offsets from which on this reader gets everything; earlier output is in the store. */
  readonly from: { readonly stdout: number; readonly stderr: number };
  /** Ends after `completed`, or when the signal is aborted. */
  readonly updates: AsyncIterable<ExecutionUpdate>;
}

/**
 * Hands a command's output to those who follow it. Each has a queue of its own; when one is full the command waits (`room`), since output past
 * the kept bound exists nowhere else. A workload waits for nobody: who is too slow for it misses some. Whoever stops reading for good leaves by its signal.
 */
export interface OutputHub {
  publish(chunk: OutputChunk): void;
  /** Resolves when every reader has room. */
  room(): Promise<void>;
  end(last: ExecutionUpdate): void;
  subscribe(signal: AbortSignal): OutputReader;
}

interface Queue {
  readonly updates: ExecutionUpdate[];
  bytes: number;
  wake: () => void;
}

export function createOutputHub(start: { readonly stdout: number; readonly stderr: number }): OutputHub {
  const queues = new Set<Queue>();
  const produced = { ...start };
  let last: ExecutionUpdate | null = null;
  let drained = Promise.withResolvers<void>();

  function push(update: ExecutionUpdate, sizeBytes: number): void {
    for (const queue of queues) {
      if (sizeBytes > 0 && queue.bytes >= MISSED_PAST_BYTES) continue;
      queue.updates.push(update);
      queue.bytes += sizeBytes;
      queue.wake();
    }
  }

  function leave(queue: Queue): void {
    queues.delete(queue);
    drained.resolve();
  }

  function noteTaken(queue: Queue, sizeBytes: number): void {
    queue.bytes -= sizeBytes;
    if (queue.bytes < BACKLOG_BYTES) drained.resolve();
  }

  async function* read(queue: Queue, signal: AbortSignal): AsyncIterable<ExecutionUpdate> {
    const onAbort = (): void => {
      leave(queue);
      queue.wake();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (!signal.aborted) {
        const update = queue.updates.shift();
        if (update === undefined) {
          await new Promise<void>((resolve) => {
            queue.wake = resolve;
          });
          continue;
        }
        if (update.kind === 'output') noteTaken(queue, update.bytes.length);
        yield update;
        if (update.kind === 'completed') return;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      leave(queue);
    }
  }

  return {
    publish(chunk) {
      produced[chunk.stream] = chunk.offset + chunk.bytes.length;
      push({ kind: 'output', ...chunk }, chunk.bytes.length);
    },
    async room() {
      while ([...queues].some((queue) => queue.bytes >= BACKLOG_BYTES)) {
        drained = Promise.withResolvers();
        await drained.promise;
      }
    },
    end(update) {
      last = update;
      push(update, 0);
    },
    subscribe(signal) {
      const queue: Queue = { updates: last === null ? [] : [last], bytes: 0, wake: () => undefined };
      if (signal.aborted) return { from: { ...produced }, updates: read(queue, signal) };
      queues.add(queue);
      // A reader that never begins to read has to be able to leave as well.
      signal.addEventListener('abort', () => leave(queue), { once: true });
      return { from: { ...produced }, updates: read(queue, signal) };
    },
  };
}
