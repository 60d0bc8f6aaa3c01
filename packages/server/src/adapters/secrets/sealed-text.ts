/**
 * The form of a sealed text: `v1.<key id>.<nonce>.<ciphertext and tag>`, the last two in base64url.
 *
 * AES-256-GCM with a random nonce of 96 bits, which holds for some four thousand million texts a key. The context and the
 * key's id are authenticated with it. A key's id is derived from the key, so that a ring needs to keep nothing but keys.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { VolaryError } from '../../domain/errors.ts';

const VERSION = 'v1';
const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Bytes of a key. */
export const KEY_BYTES = 32;
const FORM = /^v1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]+)$/;

export interface SealingKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/** The key of these 32 bytes, with its id. */
export function toSealingKey(bytes: Buffer): SealingKey {
  return { id: createHmac('sha256', bytes).update('volary key id').digest('hex').slice(0, 16), bytes };
}

export function newSealingKey(): SealingKey {
  return toSealingKey(randomBytes(KEY_BYTES));
}

/** How each text begins that this key has sealed. */
export function prefixOf(keyId: string): string {
  return `${VERSION}.${keyId}.`;
}

export function sealText(key: SealingKey, plaintext: Uint8Array, context: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key.bytes, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(key.id, context));
  const body = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return `${prefixOf(key.id)}${nonce.toString('base64url')}.${body.toString('base64url')}`;
}

/** What was sealed. Throws `data_loss` sealer.damaged, sealer.unknown_key. */
export function openText(keys: readonly SealingKey[], sealed: string, context: string): Uint8Array {
  const [, keyId = '', nonceText = '', bodyText = ''] = FORM.exec(sealed) ?? [];
  const nonce = decode(nonceText);
  const body = decode(bodyText);
  if (nonce === null || body === null || body.length < TAG_BYTES) throw damaged();
  const key = keys.find(({ id }) => id === keyId);
  if (key === undefined) {
    throw new VolaryError('data_loss', 'The key that this was sealed with is not among the keys of this server.', {
      reason: 'sealer.unknown_key',
      details: { key_id: keyId },
    });
  }
  const decipher = createDecipheriv(ALGORITHM, key.bytes, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(additionalData(key.id, context));
  decipher.setAuthTag(body.subarray(body.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(body.subarray(0, body.length - TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw damaged(cause);
  }
}

function additionalData(keyId: string, context: string): Buffer {
  return Buffer.from(`${prefixOf(keyId)}${context}`);
}

/** Null unless it is what an encoder would have written: spare bits at the end are a change too. */
function decode(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return text !== '' && bytes.toString('base64url') === text ? bytes : null;
}

function damaged(cause?: unknown): VolaryError {
  return new VolaryError('data_loss', 'What was sealed is damaged, or belongs to something else.', {
    reason: 'sealer.damaged',
    cause,
  });
}
