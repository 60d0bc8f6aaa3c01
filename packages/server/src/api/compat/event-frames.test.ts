import { expect, it } from 'vitest';
import { numberedId, sampleEvent } from '../../ports/store-contract/samples.contract.ts';
import { createEventFrames } from './event-frames.ts';

it('writes an event once, however many it is sent to', () => {
  const event = { ...sampleEvent(numberedId('vm', 1), 'x'), sequence: 7 };
  let text = 'first';
  const frameOf = createEventFrames(({ sequence }) => `${sequence} ${text}`);
  const frame = frameOf(event);
  text = 'second';

  expect(Buffer.from(frame ?? []).toString()).toBe('7 first');
  expect(frameOf(event)).toBe(frame);
  expect(Buffer.from(frameOf({ ...event }) ?? []).toString()).toBe('7 second');
});

it('remembers too that an event is not told', () => {
  const event = { ...sampleEvent(numberedId('vm', 1), 'x'), sequence: 7 };
  let text: string | null = null;
  const frameOf = createEventFrames(() => text);

  expect(frameOf(event)).toBeNull();
  text = 'told';
  expect(frameOf(event)).toBeNull();
});
