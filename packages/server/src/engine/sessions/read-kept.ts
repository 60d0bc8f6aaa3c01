import { EXECUTION_TRANSITIONS, type Execution, type OutputStream } from '../../domain/execution/execution.ts';
import type { Store } from '../../ports/store.ts';
import type { ExecutionUpdate } from '../apis/execution-api.ts';
import type { OutputReader } from './output-hub.ts';

const PIECE_BYTES = 64 * 1024;

export interface Reading {
  readonly execution: Execution;
  readonly stream: OutputStream | 'both';
  /** Within the stream; with `both`, within each. */
  readonly offset: number;
  /** Who goes on live, all output before its `from` having been written; null ends with what is kept. */
  readonly reader: OutputReader | null;
}

/** Kept output from an offset on, then live what comes after it: each byte once, in order within its stream. Of a workload some may be missing. */
export async function* readKept(
  store: Store,
  { execution, stream, offset, reader }: Reading,
): AsyncIterable<ExecutionUpdate> {
  const streams: readonly OutputStream[] = stream === 'both' ? ['stdout', 'stderr'] : [stream];
  const sent = { stdout: offset, stderr: offset };
  for (const each of streams) {
    for await (const update of readStream(store, execution, each, offset)) {
      sent[each] = update.offset + update.bytes.length;
      yield update;
    }
  }
  if (reader === null) {
    // Of a command that still runs there is no end to tell.
    if (EXECUTION_TRANSITIONS[execution.state].length === 0) yield { kind: 'completed', execution };
    return;
  }
  for await (const update of reader.updates) {
    if (update.kind === 'completed') {
      yield update;
      return;
    }
    const fresh = streams.includes(update.stream) ? cutBefore(update, sent[update.stream]) : null;
    if (fresh === null) continue;
    sent[fresh.stream] = fresh.offset + fresh.bytes.length;
    yield fresh;
  }
}

type Output = Extract<ExecutionUpdate, { kind: 'output' }>;

async function* readStream(store: Store, { id }: Execution, stream: OutputStream, from: number): AsyncIterable<Output> {
  for (let offset = from; ; ) {
    const { offset: at, bytes } = await store.executions.nextOutput(id, stream, offset, PIECE_BYTES);
    if (bytes.length === 0) return;
    yield { kind: 'output', stream, offset: at, bytes };
    offset = at + bytes.length;
  }
}

function cutBefore(update: Output, offset: number): Output | null {
  const end = update.offset + update.bytes.length;
  if (end <= offset) return null;
  if (update.offset >= offset) return update;
  return { ...update, offset, bytes: update.bytes.subarray(offset - update.offset) };
}
