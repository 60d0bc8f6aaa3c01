import type { Event } from '@volary/contract';
import { toSafeWords } from './console-text.ts';
import { styled } from './style.ts';

/** An event on one line: number, time, type, what it is about, and more. */
export function formatEvent(stream: NodeJS.WritableStream, event: Event): string {
  const { name, ...rest } = event.data;
  const about = typeof name === 'string' ? name : event.subject;
  const more = Object.keys(rest).length === 0 ? '' : `  ${styled(stream, 'gray', toSafeWords(JSON.stringify(rest)))}`;
  const at = styled(stream, 'gray', event.at);
  return `${String(event.sequence).padStart(6)}  ${at}  ${event.type.padEnd(20)}  ${toSafeWords(about)}${more}\n`;
}
