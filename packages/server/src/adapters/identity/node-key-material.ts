import { hash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import type { KeyMaterial } from '../../ports/key-material.ts';

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Keys by Node's own cryptography. */
export function createNodeKeyMaterial(): KeyMaterial {
  return {
    secretText: (byteCount) => randomBytes(byteCount).toString('base64url'),
    publicText: (length) => Array.from({ length }, () => LETTERS.charAt(randomInt(LETTERS.length))).join(''),
    digest: (text) => hash('sha256', text, 'base64url'),
    isSame(a, b) {
      const [left, right] = [Buffer.from(a, 'utf16le'), Buffer.from(b, 'utf16le')];
      return left.length === right.length && timingSafeEqual(left, right);
    },
  };
}
