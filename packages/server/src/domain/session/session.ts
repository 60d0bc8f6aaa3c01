/**
 * A session begins with a login and lives by its refresh tokens, of which each is good once:
 *
 *   login -> generation 0 -> refresh -> generation 1 -> refresh -> ... -> ended (by whom or what: `SessionEnd`)
 *                                                                      -> over  (its time has passed)
 *
 * A refresh token of an earlier generation that is used again was copied: by whom, nobody can tell, so the session ends for both.
 */
import type { SessionId, UserId } from '../ids.ts';
import type { EpochMs } from '../time.ts';

/** Why a session was ended before its time. */
export const SESSION_END_REASONS = [
  'logged_out',
  'revoked',
  'reused',
  'password_changed',
  'user_ended',
  'displaced',
] as const;
export type SessionEndReason = (typeof SESSION_END_REASONS)[number];

export interface SessionEnd {
  readonly at: EpochMs;
  readonly because: SessionEndReason;
}

/** What one login has opened. */
export interface Session {
  readonly id: SessionId;
  readonly userId: UserId;
  /** Name of the user. */
  readonly owner: string;
  /** How often it has been refreshed, if it rotates: the refresh token of this generation is the one that is good. */
  readonly generation: number;
  /** False for a client that cannot take a new refresh token: then its one token is good until the session's end. */
  readonly rotates: boolean;
  /** As the client gave it at login, shortened; may be empty. */
  readonly userAgent: string;
  /** Of the client at login; null when that is not known. */
  readonly address: string | null;
  readonly createdAt: EpochMs;
  /** When it was last refreshed, or made. */
  readonly lastUsedAt: EpochMs;
  /** The latest end that it can have. */
  readonly expiresAt: EpochMs;
  /** Null as long as nobody ended it. */
  readonly end: SessionEnd | null;
  readonly revision: number;
}

/** How long sessions and their tokens last. */
export interface SessionLifetimes {
  readonly accessTokenMs: number;
  /** From login on. */
  readonly sessionMs: number;
  /** From its last use on. */
  readonly idleMs: number;
}

/** Until when the session lasts if nobody uses it again. */
export function endOf({ lastUsedAt, expiresAt }: Session, { idleMs }: SessionLifetimes): EpochMs {
  return Math.min(lastUsedAt + idleMs, expiresAt);
}

/** True as long as its user can go on with it. */
export function isLive(session: Session, lifetimes: SessionLifetimes, now: EpochMs): boolean {
  return session.end === null && now < endOf(session, lifetimes);
}
