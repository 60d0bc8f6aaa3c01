import { stripVTControlCharacters } from 'node:util';

const CONTROL_PICTURES = 0x2400;
const DELETE_PICTURE = 0x2421;
const CONTROL = /[^\P{Cc}\t\n]/u;

/**
 * A guest's words, safe to be shown on a terminal: a hostile guest could otherwise set the terminal's title, or have it
 * type. Escape sequences are dropped, other control characters but tab and newline are shown as pictures.
 */
export function toSafeText(bytes: Uint8Array): string {
  return toSafeWords(Buffer.from(bytes).toString('utf8'));
}

/** The same for words that any user may have written: labels, descriptions, what a failed command said. */
export function toSafeWords(words: string): string {
  // Most have nothing of it.
  if (!CONTROL.test(words)) return words;
  const text = stripVTControlCharacters(words).replaceAll('\r\n', '\n');
  return Array.from(text, showControl).join('');
}

function showControl(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (character === '\t' || character === '\n' || (code >= 0x20 && code < 0x7f) || code > 0x9f) return character;
  return String.fromCodePoint(code < 0x20 ? CONTROL_PICTURES + code : DELETE_PICTURE);
}

/** The last lines of a text of bytes. */
export function lastLines(bytes: Uint8Array, count: number): Uint8Array {
  if (count === 0) return new Uint8Array();
  let left = count;
  for (let at = bytes.length - 2; at >= 0; at -= 1) {
    if (bytes[at] === 0x0a) left -= 1;
    if (left === 0) return bytes.subarray(at + 1);
  }
  return bytes;
}
