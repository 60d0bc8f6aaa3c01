import type { UserId } from '../ids.ts';
import type { EpochMs } from '../time.ts';
import type { Quota } from './quota.ts';

/** `active` may ask; `disabled` may not until somebody enables it; `deleted` never again, and only keeps its name from being given twice. */
export const USER_STATES = ['active', 'disabled', 'deleted'] as const;
export type UserState = (typeof USER_STATES)[number];

/**
 * `local` users are made here; `proxy` ones came first by the word of a trusted proxy; `loopback` is who asks without a key from this
 * machine, where a dialect lets that in; `integration` is whoever sends commands from one, all of them together.
 */
export const USER_SOURCES = ['local', 'proxy', 'loopback', 'integration'] as const;
export type UserSource = (typeof USER_SOURCES)[number];

/** Somebody who may ask. What a user owns carries the user's `name`, which is never changed nor given to another. */
export interface User {
  readonly id: UserId;
  /** By `isUserName`. */
  readonly name: string;
  /** Null when deleted, or none was given. No two that are not deleted have the same, whatever the case of its letters. */
  readonly email: string | null;
  /** For people; may be empty. */
  readonly displayName: string;
  /** Names of roles, built-in and custom. One that is not there gives nothing. */
  readonly roles: readonly string[];
  readonly state: UserState;
  readonly source: UserSource;
  /** A PHC string. Null: no password opens this account. Never shown. */
  readonly passwordHash: string | null;
  /** Null as long as none was set. */
  readonly passwordChangedAt: EpochMs | null;
  readonly mfa: Mfa | null;
  /** Limits of its own in place of the installation's; null: none. */
  readonly quota: Quota | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: EpochMs;
  /** When its settings were last changed; it rises with each of these changes, and so tells them apart. */
  readonly updatedAt: EpochMs;
  readonly lastLoginAt: EpochMs | null;
  readonly revision: number;
}

/** A second factor: one-time codes by time. */
export interface Mfa {
  /** By the sealer. */
  readonly sealedSecret: string;
  /** Null: enrolled, but no code was shown yet; it is not asked for. */
  readonly confirmedAt: EpochMs | null;
  /** Of the last code that was accepted: no code of this step or an earlier one is accepted again. */
  readonly lastUsedStep: number | null;
  /** Of the recovery codes that are left. */
  readonly recoveryDigests: readonly string[];
}

/** Of the user that first start makes. */
export const BUILT_IN_ADMIN = 'admin';

/** Names that stand for no user where a principal's name is shown, or for the asker in a path. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(['system', 'nobody', 'me']);

/** Of every name that a user may have. */
export const USER_NAME_PATTERN = '^[a-z0-9]([a-z0-9._@-]{0,62}[a-z0-9])?$';
const NAME = new RegExp(USER_NAME_PATTERN);

/** True for a name that a user may have: 1 to 64 lower-case letters, digits and `. _ @ -`, the latter not at its ends. */
export function isUserName(name: string): boolean {
  return NAME.test(name) && !RESERVED_NAMES.has(name) && !name.startsWith('usr_');
}

/** The form in which addresses are compared. */
export function emailKey(email: string): string {
  return email.toLowerCase();
}
