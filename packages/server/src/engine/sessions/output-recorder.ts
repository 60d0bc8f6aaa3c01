import { type Execution, KEPT_OUTPUT_BYTES, type OutputStream } from '../../domain/execution/execution.ts';
import type { OutputChunk } from '../../ports/guest-link.ts';
import type { Tables } from '../../ports/store.ts';
import type { EngineDeps } from '../deps.ts';

/** Output is written when this much has come, bytes, or after this time, milliseconds: whichever is first. */
const BATCH_BYTES = 128 * 1024;
const BATCH_MS = 25;
/**
 * What comes first of a workload after a while waits no longer than this, milliseconds: who follows it would notice the rest. Of a command it waits,
 * since its end is often so near that both are one transaction.
 */
const FIRST_MS = 2;
/**
 * From one write to the next of a workload that says little, bytes at a time: as long as so many writes take, so that most of the time is left for all else, and at least so long,
 * milliseconds. Where it says more, each write is a whole batch's.
 */
const LITTLE_BYTES = 2_048;
const PAUSE_WRITES = 4;
const LEAST_PAUSE_MS = 6;

/** Keeps a command's output in the store, in batches, and says what is safe so that the guest may forget it. */
export interface OutputRecorder {
  add(chunk: OutputChunk): Promise<void>;
  /** Writes what has not been written yet. */
  flush(): Promise<void>;
  /**
   * Writes the rest within a transaction of the caller's, such as the one that ends the execution. The guest may forget it
   * when `commit` has resolved, and not before.
   */
  flushWith(commit: (append: (tables: Tables) => Promise<void>) => Promise<void>): Promise<void>;
  /** Bytes seen of each stream, and whether some were past the bound. */
  counts(): Pick<Execution, 'stdoutBytes' | 'stderrBytes' | 'isTruncated'>;
}

export function createOutputRecorder(
  { store, bus, clock }: Pick<EngineDeps, 'store' | 'bus' | 'clock'>,
  execution: Execution,
  acknowledge: (stream: OutputStream, offset: number) => void,
): OutputRecorder {
  const seen = { stdout: execution.stdoutBytes, stderr: execution.stderrBytes };
  let pending: OutputChunk[] = [];
  let pendingBytes = 0;
  let oldestMs = 0;
  let writtenMs = Number.NEGATIVE_INFINITY;
  /** From the last write to the next. */
  let pauseMs = BATCH_MS;
  let isTimerSet = false;
  let writing: Promise<void> = Promise.resolve();
  let fault: { readonly error: unknown } | null = null;

  async function append(tables: Tables, chunks: readonly OutputChunk[]): Promise<void> {
    for (const { stream, offset, bytes } of mergeAdjacent(chunks)) {
      if (execution.isWorkload) {
        const keepFrom = offset + bytes.length - KEPT_OUTPUT_BYTES;
        await tables.executions.appendNewest(execution.id, stream, { offset, bytes, keepFrom });
        continue;
      }
      const kept = bytes.subarray(0, Math.max(0, KEPT_OUTPUT_BYTES - offset));
      if (kept.length > 0) await tables.executions.appendOutput(execution.id, stream, offset, kept);
    }
  }

  function take(): readonly OutputChunk[] {
    const taken = pending;
    pending = [];
    pendingBytes = 0;
    writtenMs = clock.monotonicMs();
    return taken;
  }

  /** What could not be written is still to be. */
  function giveBack(chunks: readonly OutputChunk[]): void {
    pending = [...chunks, ...pending];
    pendingBytes += chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  function acknowledgeAll(chunks: readonly OutputChunk[]): void {
    for (const { stream, offset, bytes } of chunks) acknowledge(stream, offset + bytes.length);
  }

  async function write(chunks: readonly OutputChunk[], commit: () => Promise<void>): Promise<void> {
    const startedMs = clock.monotonicMs();
    const mine = commit();
    writing = mine.catch(() => undefined);
    try {
      await mine;
    } catch (error) {
      giveBack(chunks);
      throw error;
    }
    pauseMs = pauseAfter(chunks, clock.monotonicMs() - startedMs);
    acknowledgeAll(chunks);
    if (execution.isWorkload)
      for (const stream of streamsOf(chunks)) bus.publish('output', `${execution.id}:${stream}`);
  }

  async function flush(): Promise<void> {
    const chunks = take();
    // What somebody else is writing now is not there before that is done.
    if (chunks.length === 0) return await writing;
    await write(chunks, () => store.transaction((tables) => append(tables, chunks)));
  }

  function delayMs(): number {
    if (!execution.isWorkload) return BATCH_MS;
    return Math.min(BATCH_MS, Math.max(FIRST_MS, pauseMs - (clock.monotonicMs() - writtenMs)));
  }

  function setTimer(): void {
    if (isTimerSet) return;
    isTimerSet = true;
    void clock
      .sleep(delayMs(), { signal: new AbortController().signal })
      .then(() => {
        isTimerSet = false;
        return flush();
      })
      // Whoever adds or flushes next hears of it.
      .catch((error: unknown) => {
        fault = { error };
      });
  }

  return {
    async add(chunk) {
      if (fault !== null) throw fault.error;
      if (pending.length === 0) oldestMs = clock.monotonicMs();
      pending.push(chunk);
      pendingBytes += chunk.bytes.length;
      seen[chunk.stream] = chunk.offset + chunk.bytes.length;
      if (pendingBytes >= BATCH_BYTES || clock.monotonicMs() - oldestMs >= BATCH_MS) await flush();
      else setTimer();
    },
    flush,
    async flushWith(commit) {
      // What failed before is tried once more, with all that is pending since.
      await writing;
      const chunks = take();
      await write(chunks, () => commit((tables) => append(tables, chunks)));
    },
    counts: () => ({
      stdoutBytes: seen.stdout,
      stderrBytes: seen.stderr,
      isTruncated: seen.stdout > KEPT_OUTPUT_BYTES || seen.stderr > KEPT_OUTPUT_BYTES,
    }),
  };
}

function streamsOf(chunks: readonly OutputChunk[]): ReadonlySet<OutputStream> {
  return new Set(chunks.map(({ stream }) => stream));
}

function pauseAfter(chunks: readonly OutputChunk[], tookMs: number): number {
  const byteCount = chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (byteCount > LITTLE_BYTES) return BATCH_MS;
  return Math.min(BATCH_MS, Math.max(LEAST_PAUSE_MS, PAUSE_WRITES * tookMs));
}

/** Chunks that adjoin in one stream, as one: fewer rows for a command that writes in small pieces. */
function mergeAdjacent(chunks: readonly OutputChunk[]): readonly OutputChunk[] {
  return (['stdout', 'stderr'] as const).flatMap((stream) =>
    adjoining(chunks.filter((chunk) => chunk.stream === stream)).map((run) => ({
      stream,
      offset: run[0]?.offset ?? 0,
      bytes: joined(run),
    })),
  );
}

/** Of a workload's output some may be missing between two chunks. */
function adjoining(chunks: readonly OutputChunk[]): readonly (readonly OutputChunk[])[] {
  const runs: OutputChunk[][] = [];
  let end = -1;
  for (const chunk of chunks) {
    if (chunk.offset === end) runs.at(-1)?.push(chunk);
    else runs.push([chunk]);
    end = chunk.offset + chunk.bytes.length;
  }
  return runs;
}

function joined(chunks: readonly OutputChunk[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk.bytes, at);
    at += chunk.bytes.length;
  }
  return bytes;
}
