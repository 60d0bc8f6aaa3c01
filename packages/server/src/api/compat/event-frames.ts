import type { Event } from '../../domain/events.ts';

/** An event as bytes that are sent; null: it is not told. */
export type EventFrames = (event: Event) => Uint8Array | null;

/**
 * Writes each event once, however many it is sent to, as long as they are handed the same objects: all who follow are, at the log's end. What is made
 * goes with its event, of which the engine keeps the last ones alone.
 */
export function createEventFrames(toText: (event: Event) => string | null): EventFrames {
  const frames = new WeakMap<Event, Uint8Array | null>();
  return (event) => {
    const known = frames.get(event);
    if (known !== undefined) return known;
    const text = toText(event);
    const frame = text === null ? null : Buffer.from(text);
    frames.set(event, frame);
    return frame;
  };
}
