import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { VolaryError } from '../../domain/errors.ts';
import type { PasswordHasher } from '../../ports/password-hasher.ts';
import { type Effort, formatPhc, parsePhc } from './phc.ts';

const derive = promisify(argon2);

/** The first of the recommendations for argon2id that keeps memory low (RFC 9106 is for more; OWASP): 25 to 45 ms on one core. */
const EFFORT: Effort = { memoryKib: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;

export interface Argon2Limits {
  /** How many are derived at the same time: each takes a core, and one of Node's four threads for files and names. */
  readonly atOnce: number;
  /** How many may wait, beyond which nobody would want the answer any more. */
  readonly maxWaiting: number;
}

/** argon2id by Node itself, in PHC strings. Work runs on Node's threads, at most `atOnce` at a time. */
export function createArgon2Hasher({ atOnce, maxWaiting }: Argon2Limits): PasswordHasher {
  const waiting: (() => void)[] = [];
  let working = 0;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (working >= atOnce) await turn();
    else working += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // Who waits takes the place over, so that nobody who comes now gets in before.
      if (next === undefined) working -= 1;
      else next();
    }
  }

  async function turn(): Promise<void> {
    if (waiting.length >= maxWaiting) {
      throw new VolaryError('resource_exhausted', 'Too many logins wait for their turn; try again in a moment.', {
        reason: 'auth.too_many_logins',
      });
    }
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
  }

  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES);
      const tag = await inTurn(() => tagOf(password, salt, EFFORT, TAG_BYTES));
      return formatPhc({ ...EFFORT, salt, tag });
    },
    async verify(password, kept) {
      if (kept === null) {
        await inTurn(() => tagOf(password, new Uint8Array(SALT_BYTES), EFFORT, TAG_BYTES));
        return false;
      }
      const parsed = parsePhc(kept);
      if (parsed === null) {
        throw new VolaryError('data_loss', 'What is kept of a password is damaged; set a new one.', {
          reason: 'auth.damaged_hash',
        });
      }
      const tag = await inTurn(() => tagOf(password, parsed.salt, parsed, parsed.tag.length));
      return timingSafeEqual(tag, parsed.tag);
    },
    needsRehash(kept) {
      const parsed = parsePhc(kept);
      return (
        parsed === null ||
        parsed.memoryKib !== EFFORT.memoryKib ||
        parsed.passes !== EFFORT.passes ||
        parsed.parallelism !== EFFORT.parallelism ||
        parsed.salt.length < SALT_BYTES ||
        parsed.tag.length < TAG_BYTES
      );
    },
  };
}

function tagOf(password: string, salt: Uint8Array, effort: Effort, tagLength: number): Promise<Uint8Array> {
  const parameters: Argon2Parameters = {
    message: password.normalize('NFKC'),
    nonce: salt,
    parallelism: effort.parallelism,
    tagLength,
    memory: effort.memoryKib,
    passes: effort.passes,
  };
  return derive('argon2id', parameters);
}
