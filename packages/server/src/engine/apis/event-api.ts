import type { Event, EventType } from '../../domain/events.ts';
import type { Principal } from '../../domain/principal/principal.ts';

export interface EventApi {
  /**
   * Events after this sequence; null: from the first there is. Throws `not_found` events.trimmed, with the first sequence there is, if
   * `after` lies before it; `invalid_argument` events.cursor_ahead if it lies after the last one.
   */
  list(
    principal: Principal,
    request: {
      readonly after: number | null;
      readonly limit: number;
      readonly types?: readonly EventType[];
      readonly vm?: string;
    },
  ): Promise<readonly Event[]>;
  /** Everything after the sequence `after` (null: after the last one now), and then what comes. Throws as `list`. */
  follow(
    principal: Principal,
    request: {
      readonly after: number | null;
      readonly types?: readonly EventType[];
      readonly vm?: string;
      readonly signal: AbortSignal;
    },
  ): Promise<EventFeed>;
}

/**
 * The log from somewhere on, without end: each event once and in order, as many at a time as there are. For one reader, who takes
 * the next ones when it is done with these. Throws the reason of the signal it was opened with, when that is aborted, and `not_found`
 * events.trimmed, when the log's beginning has overtaken the reader.
 */
export interface EventFeed extends AsyncIterable<readonly Event[]> {
  /** The sequence after which to resume: all up to it has been taken, or was kept back by the filter. */
  readonly position: number;
  /**
   * Aborted with `aborted` events.reader_too_slow when the log has grown by more than `limits.readerLagEvents` since the reader took
   * what it is still busy with. Others do not wait for it: this only says that it is time to let go of it.
   */
  readonly tooSlow: AbortSignal;
}
