/*
 * Linux names files by bytes; our requests and Node.js name them by text. A name that is no UTF-8 comes from a guest with
 * U+DC00 + byte for each byte that is none, and cannot be sent back in a URL.
 */

/** A name of this machine as text; null where it is no UTF-8, so that a text would name another file. */
export function textOfName(bytes: Buffer): string | null {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : null;
}

/** Such a name for people: `caf\xe9`. */
export function showBytes(bytes: Buffer): string {
  return Array.from(bytes, (byte) => (byte < 0x20 || byte > 0x7e ? escaped(byte) : String.fromCharCode(byte))).join('');
}

/** A guest's name for people, who see the bytes that are no UTF-8. */
export function showGuestName(name: string): string {
  return name.replaceAll(/[\udc80-\udcff]/gu, (unit) => escaped(unit.charCodeAt(0) - 0xdc00));
}

function escaped(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
