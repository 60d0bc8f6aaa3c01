import type { ApiKeyId } from '../ids.ts';
import type { EpochMs } from '../time.ts';

/** A credential for programs. The key itself is shown once and not kept. */
export interface ApiKey {
  readonly id: ApiKeyId;
  /** For people; not unique. */
  readonly name: string;
  /** Name of the user for whom it speaks. */
  readonly owner: string;
  /** The public part of the key, by which it is found; unique. */
  readonly prefix: string;
  /** SHA-256 of the whole key. */
  readonly digest: string;
  /** Patterns that its rights are restricted to; null: all that its owner may. */
  readonly permissions: readonly string[] | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Null: never. */
  readonly expiresAt: EpochMs | null;
  /** To the minute; null: not yet. */
  readonly lastUsedAt: EpochMs | null;
  /** Who had it made. */
  readonly createdBy: string;
  readonly createdAt: EpochMs;
}

/** What each key begins with, so that people and scanners know what they see. */
const MARK = 'vk_';
const PREFIX_LENGTH = 8;
const SHAPE = /^vk_[a-z0-9]{8}_[A-Za-z0-9_-]{43}$/;

/** The key with this public prefix (8 lower-case letters or digits) and secret (43 characters of base64url: 256 bits). */
export function formatApiKey(prefix: string, secret: string): string {
  return `${MARK}${prefix}_${secret}`;
}

/** The public prefix of what has the shape of a key; null for anything else. */
export function prefixOfApiKey(text: string): string | null {
  return SHAPE.test(text) ? text.slice(MARK.length, MARK.length + PREFIX_LENGTH) : null;
}
