/**
 * Argon2id in the PHC string format: `$argon2id$v=19$m=19456,t=2,p=1$SALT$TAG`, base64 without padding. What other programs wrote is read
 * as well, so that users can be brought along.
 */

/** How much work one password is. */
export interface Effort {
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
}

export interface PhcHash extends Effort {
  readonly salt: Uint8Array;
  readonly tag: Uint8Array;
}

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;
/** What one verification may take at most, whoever wrote the hash: 1 GiB. */
const MOST_MEMORY_KIB = 1_048_576;

export function formatPhc({ memoryKib, passes, parallelism, salt, tag }: PhcHash): string {
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;
}

/** The hash in this text; null if there is none, or one that would take more than is given for it. */
export function parsePhc(text: string): PhcHash | null {
  const [, memory, passes, parallelism, salt, tag] = PHC.exec(text) ?? [];
  if (salt === undefined || tag === undefined) return null;
  const effort = { memoryKib: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const isPossible =
    effort.passes >= 1 &&
    effort.parallelism >= 1 &&
    effort.memoryKib >= 8 * effort.parallelism &&
    effort.memoryKib <= MOST_MEMORY_KIB;
  return isPossible ? { ...effort, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') } : null;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('=', '');
}
