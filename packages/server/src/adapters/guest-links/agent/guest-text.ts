/**
 * Text from and to a guest. Linux paths are bytes, usually but not always UTF-8. A byte that is not part of valid UTF-8
 * becomes the lone surrogate U+DC00 + byte, and goes back to that byte on its way out, so that any file that can be
 * listed can also be named (the same device as Python's `surrogateescape`).
 */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const REPLACEMENT = '\ufffd';

/** The text of `bytes`. Loses nothing: `bytesOfText` gives the same bytes again. */
export function textOfBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes(REPLACEMENT) ? decodeEscaped(bytes) : text;
}

/** The bytes of `text`. */
export function bytesOfText(text: string): Buffer {
  return text.isWellFormed() ? Buffer.from(text, 'utf8') : encodeEscaped(text);
}

function decodeEscaped(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    const byte = bytes[at] ?? 0;
    text += length === 0 ? String.fromCharCode(0xdc00 + byte) : bytes.toString('utf8', at, at + length);
    at += Math.max(length, 1);
  }
  return text;
}

/** How many bytes the valid UTF-8 sequence at `at` has; 0 if there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    // That it is no UTF-8 is the answer, not a fault.
    return 0;
  }
}

function encodeEscaped(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const symbol of text) {
    const code = symbol.codePointAt(0) ?? 0;
    const isEscaped = code >= 0xdc80 && code <= 0xdcff;
    parts.push(isEscaped ? Buffer.of(code - 0xdc00) : Buffer.from(symbol, 'utf8'));
  }
  return Buffer.concat(parts);
}
