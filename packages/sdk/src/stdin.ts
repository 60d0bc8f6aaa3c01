import type { StdinAccepted } from '@volary/contract';
import { concatenate } from './bytes.ts';
import { createBackoff } from './retry.ts';
import type { Transport } from './transport.ts';

const OUTAGE_MS = 60_000;
/** What is sent with one request at most. */
const LARGEST_POST_BYTES = 1024 * 1024;

export interface StdinWriter {
  /** Resolves when the command's guest has these bytes: wait for it, and a slow command slows you down. */
  write(bytes: Uint8Array): Promise<void>;
  /** No more will come. */
  end(): Promise<void>;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly settled: PromiseWithResolvers<void>;
}

/**
 * Sends input in order, one request at a time; what is written meanwhile goes together with the next one. Each request says at
 * which offset its bytes stand, so that one whose answer was lost is simply sent again.
 */
export function createStdinWriter(
  transport: Transport,
  executionId: string,
  signal: AbortSignal | undefined,
): StdinWriter {
  const path = `/v1/executions/${encodeURIComponent(executionId)}/stdin`;
  const queue: Waiting[] = [];
  let offset = 0;
  let isEnding = false;
  let isSending = false;

  async function drain(): Promise<void> {
    isSending = true;
    while (queue.length > 0) {
      const batch = takeBatch(queue);
      const bytes = concatenate(batch.map((entry) => entry.bytes));
      const isLast = isEnding && queue.length === 0;
      try {
        offset = await post(transport, path, { offset, bytes, isLast }, signal);
        for (const entry of batch) entry.settled.resolve();
      } catch (error) {
        for (const entry of [...batch, ...queue.splice(0)]) entry.settled.reject(error);
      }
    }
    isSending = false;
  }

  function add(bytes: Uint8Array): Promise<void> {
    const settled = Promise.withResolvers<void>();
    queue.push({ bytes, settled });
    if (!isSending) void drain();
    return settled.promise;
  }

  return {
    write: add,
    end: () => {
      isEnding = true;
      return add(new Uint8Array());
    },
  };
}

async function post(
  transport: Transport,
  path: string,
  input: { readonly offset: number; readonly bytes: Uint8Array<ArrayBuffer>; readonly isLast: boolean },
  signal: AbortSignal | undefined,
): Promise<number> {
  const backoff = createBackoff({ giveUpAfterMs: OUTAGE_MS });
  for (;;) {
    try {
      const query = { offset: input.offset, end: input.isLast };
      const answer = await transport.json<StdinAccepted>({ method: 'POST', path, query, bytes: input.bytes, signal });
      return answer.stdin_bytes;
    } catch (error) {
      await backoff.afterFault(error, signal);
    }
  }
}

function takeBatch(queue: Waiting[]): Waiting[] {
  let sizeBytes = 0;
  let count = 0;
  for (const { bytes } of queue) {
    sizeBytes += bytes.length;
    if (count > 0 && sizeBytes > LARGEST_POST_BYTES) break;
    count += 1;
  }
  return queue.splice(0, count);
}
