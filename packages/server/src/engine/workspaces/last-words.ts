/** What a command that failed said last, fit to be shown: without what steers a terminal, and without what it was given as a secret. */
import { stripControls } from '../../lib/strip-controls.ts';

/** Of the end of what it wrote: bytes that are looked at, lines and characters that are told. */
export const TAIL_BYTES = 8_192;
const MOST_LINES = 6;
const MOST_CHARACTERS = 600;
/** A value that is shorter is in every other word; a line of one, in every other line. */
const SHORTEST = { secret: 4, line: 12 } as const;
const HIDDEN = '***';
/** As addresses have it, whoever put it there. */
const PASSWORD = /:\/\/[^\s/@]+@/g;

/** Empty when it said nothing. `secrets`: what is not to be shown. */
export function lastWords(tail: Uint8Array, secrets: readonly string[]): string {
  const decoded = new TextDecoder('utf-8', { fatal: false }).decode(tail);
  const hidden = secrets
    .flatMap((secret) =>
      [secret, secret.trim()].filter((whole) => whole.length >= SHORTEST.secret).concat(linesOf(secret)),
    )
    .toSorted((a, b) => b.length - a.length)
    .reduce((text, secret) => text.replaceAll(secret, HIDDEN), stripControls(decoded))
    .replaceAll(PASSWORD, `://${HIDDEN}@`);
  const lines = hidden
    .split(/[\n\r]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const told = lines.slice(-MOST_LINES).join('\n');
  return told.length > MOST_CHARACTERS ? `…${told.slice(1 - MOST_CHARACTERS)}` : told;
}

/** Of a key, say, of which only the end may be there. */
function linesOf(secret: string): readonly string[] {
  return secret
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.length >= SHORTEST.line);
}
