import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Characters of a line that are given; what a longer one has besides is left out. */
const MOST_CHARACTERS = 8_192;

/**
 * Calls `onLine` with each line of what somebody else's program says, without its end (`\n`, `\r\n`, or the `\r` that a progress display has), the
 * last one also when it has no end. What is kept is bounded, whatever comes: a line need never end.
 */
export function readLines(input: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let line = '';
  let isAfterReturn = false;
  const take = (text: string): void => {
    // Bounded before it is put together: texts that are put together of parts keep all of these.
    line += text.slice(0, MOST_CHARACTERS - line.length);
  };
  const push = (text: string): void => {
    const parts = (isAfterReturn && text.startsWith('\n') ? text.slice(1) : text).split(/\r\n|[\n\r]/);
    if (text !== '') isAfterReturn = text.endsWith('\r');
    for (const [index, part] of parts.entries()) {
      if (index > 0) {
        onLine(line);
        line = '';
      }
      take(part);
    }
  };
  input.on('data', (chunk: Uint8Array) => push(decoder.write(chunk)));
  input.once('end', () => {
    push(decoder.end());
    if (line !== '') onLine(line);
  });
}
