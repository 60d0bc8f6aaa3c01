import type { Event } from '../../domain/events.ts';
import { toEventDto } from './dto/event-dto.ts';

/** Events as they are sent. Each is written once, however many it is sent to, as long as they are handed the same objects. */
export interface EventEncoding {
  /** As JSON. */
  toJson(event: Event): string;
  /** As server-sent events, in the order of the page. */
  toFrames(page: readonly Event[]): Uint8Array;
}

export function createEventEncoding(): EventEncoding {
  const texts = new WeakMap<Event, string>();
  const frames = new WeakMap<readonly Event[], Uint8Array>();

  function toJson(event: Event): string {
    const known = texts.get(event);
    if (known !== undefined) return known;
    const text = JSON.stringify(toEventDto(event));
    texts.set(event, text);
    return text;
  }

  return {
    toJson,
    toFrames(page) {
      const known = frames.get(page);
      if (known !== undefined) return known;
      const text = page
        .map((event) => `id: ${event.sequence}\nevent: ${event.type}\ndata: ${toJson(event)}\n\n`)
        .join('');
      const bytes = Buffer.from(text);
      frames.set(page, bytes);
      return bytes;
    },
  };
}
