import type { Event, Problem } from '@volary/contract';
import { errorOfProblem } from './errors.ts';

/** A frame of a stream of events: an event, or only how far the stream is. */
export interface EventFrame {
  readonly event: Event | null;
  /** The sequence to resume after. */
  readonly position: number | null;
}

/** The frames in the lines of a `text/event-stream`; a last one that is cut off is dropped. Throws the problem of an `error` frame. */
export async function* framesOf(lines: AsyncIterable<string>): AsyncGenerator<EventFrame> {
  let fields: { id?: string; event?: string; data?: string } = {};
  for await (const line of lines) {
    const [, name, value = ''] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
    if (name !== undefined) fields = { ...fields, [name]: value };
    if (line !== '') continue;
    const frame = frameOf(fields);
    fields = {};
    if (frame !== null) yield frame;
  }
}

/** Null: they say nothing. */
function frameOf({ id, event, data }: { id?: string; event?: string; data?: string }): EventFrame | null {
  if (event === 'error' && data !== undefined) throw problemIn(data);
  const position = id === undefined || !/^\d+$/.test(id) ? null : Number(id);
  if (data !== undefined) return { event: JSON.parse(data), position };
  return position === null ? null : { event: null, position };
}

function problemIn(data: string): Error {
  const problem: Problem = JSON.parse(data);
  return errorOfProblem(problem);
}
