import { VolaryError } from '../../domain/errors.ts';
import type { EngineDeps, SessionLimits } from '../deps.ts';
import type { IdentityEpoch } from './identity-epoch.ts';
import type { TokenKeys } from './token-keys.ts';

/** What sessions are made of. */
export type SessionDeps = Pick<EngineDeps, 'store' | 'clock' | 'ids' | 'log'> & {
  readonly keys: TokenKeys;
  readonly limits: SessionLimits;
  readonly epoch: IdentityEpoch;
};

/** Where a client is, and what it says that it is. */
export interface Client {
  /** Of the request it sends; absent: none. */
  readonly requestId?: string;
  /** Null: not known. */
  readonly address: string | null;
  /** May be empty. */
  readonly userAgent: string;
}

/** The token is good, and its session or its user is not any more. */
export function sessionEnded(): VolaryError {
  return new VolaryError('unauthenticated', 'This session has ended; log in again.', { reason: 'auth.session_ended' });
}
