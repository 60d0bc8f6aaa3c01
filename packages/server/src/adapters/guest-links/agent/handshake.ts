/** How a session begins (PROTOCOL.md, section 1): SYNC from the host, ECHO from the guest, recognised at any byte. */
import { crc32c } from './crc32c.ts';
import { ownCopy } from './own-memory.ts';

export const LINK_KEY_BYTES = 16;
export const NONCE_BYTES = 16;

const SYNC_MAGIC = Buffer.from('VLRYSYNC', 'latin1');
const ECHO_MAGIC = Buffer.from('VLRYECHO', 'latin1');
const ECHO_BYTES = ECHO_MAGIC.length + NONCE_BYTES + 4;

/** Asks the guest for a new session, whatever it is in the middle of. */
export function encodeSync(linkKey: Uint8Array, nonce: Uint8Array): Buffer {
  const bytes = Buffer.concat([SYNC_MAGIC, linkKey, nonce, Buffer.alloc(4)]);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, bytes.length - 4)), bytes.length - 4);
  return bytes;
}

/** The tag that the frames of a session carry. */
export function tagOf(nonce: Uint8Array): number {
  return Buffer.from(nonce.buffer, nonce.byteOffset, 2).readUInt16LE();
}

export interface Echo {
  /** In hex. */
  readonly nonce: string;
  /** Where in the chunk the bytes after it begin. */
  readonly end: number;
}

/** Finds intact ECHOs in a byte stream, which may be torn anywhere. Keeps less than one ECHO of what has passed. */
export class EchoFinder {
  #tail: Buffer = Buffer.alloc(0);

  /** The ECHOs that end within `chunk`. */
  push(chunk: Buffer): readonly Echo[] {
    const bytes = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    const skipped = this.#tail.length;
    const found: Echo[] = [];
    for (let at = bytes.indexOf(ECHO_MAGIC); at >= 0; at = bytes.indexOf(ECHO_MAGIC, at + 1)) {
      const end = at + ECHO_BYTES;
      if (end > bytes.length) break;
      if (crc32c(bytes.subarray(at, end - 4)) !== bytes.readUInt32LE(end - 4)) continue;
      found.push({ nonce: bytes.toString('hex', at + ECHO_MAGIC.length, end - 4), end: end - skipped });
    }
    this.#tail = ownCopy(bytes.subarray(Math.max(0, bytes.length - ECHO_BYTES + 1)));
    return found;
  }
}
