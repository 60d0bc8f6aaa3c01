import type { ExecEvent, Execution } from '@volary/contract';
import { errorOfProblem, VolaryConnectionError } from './errors.ts';
import { linesOf } from './lines.ts';
import { createBackoff } from './retry.ts';
import { bytesOf, type Transport } from './transport.ts';

const OUTAGE_MS = 60_000;

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  /** Of the first byte within its stream. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export type ExecUpdate =
  | { readonly kind: 'output'; readonly chunk: OutputChunk }
  | { readonly kind: 'completed'; readonly execution: Execution };

/** The lines of an exec stream. */
export async function* execEventsOf(response: Response, signal: AbortSignal | undefined): AsyncGenerator<ExecEvent> {
  for await (const line of linesOf(bytesOf(response, signal))) {
    if (line === '') continue;
    const event: ExecEvent = JSON.parse(line);
    if (event.type === 'error') throw errorOfProblem(event.problem);
    yield event;
  }
}

/**
 * Output and end of a command: each byte of each stream once and in order. When the connection breaks it is opened again, at
 * the first byte that is missing, for up to a minute of faults in a row.
 */
export async function* followExecution(
  transport: Transport,
  executionId: string,
  first: AsyncIterable<ExecEvent> | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<ExecUpdate> {
  const backoff = createBackoff({ giveUpAfterMs: OUTAGE_MS });
  const seen = { stdout: 0, stderr: 0 };
  let events = first;
  for (;;) {
    try {
      events ??= await reopen(transport, executionId, Math.min(seen.stdout, seen.stderr), signal);
      for await (const event of events) {
        backoff.reset();
        if (event.type === 'completed') {
          yield { kind: 'completed', execution: event.execution };
          return;
        }
        if (event.type !== 'stdout' && event.type !== 'stderr') continue;
        const chunk = unseenPart(decode(event), seen[event.type]);
        if (chunk === null) continue;
        seen[event.type] = chunk.offset + chunk.bytes.length;
        yield { kind: 'output', chunk };
      }
      throw new VolaryConnectionError(executionId, 'the stream ended early');
    } catch (error) {
      events = null;
      await backoff.afterFault(error, signal);
    }
  }
}

async function reopen(
  transport: Transport,
  id: string,
  from: number,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<ExecEvent>> {
  const response = await transport.send({
    method: 'GET',
    path: `/v1/executions/${encodeURIComponent(id)}/output`,
    query: { from, stream: 'both', follow: true },
    signal,
  });
  return execEventsOf(response, signal);
}

function decode(event: {
  type: 'stdout' | 'stderr';
  offset: number;
  data: string;
  encoding: 'utf8' | 'base64';
}): OutputChunk {
  const bytes = event.encoding === 'utf8' ? new TextEncoder().encode(event.data) : fromBase64(event.data);
  return { stream: event.type, offset: event.offset, bytes };
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** The chunk without what was seen before; null when nothing is left. A gap (bytes that were not kept) is passed on. */
function unseenPart(chunk: OutputChunk, seenBytes: number): OutputChunk | null {
  const known = seenBytes - chunk.offset;
  if (known <= 0) return chunk;
  if (known >= chunk.bytes.length) return null;
  return { ...chunk, offset: seenBytes, bytes: chunk.bytes.subarray(known) };
}
