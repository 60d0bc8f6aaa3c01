import type { EngineDeps } from '../deps.ts';
import type { IdentityEpoch } from './identity-epoch.ts';

/** What changes of accounts, roles and keys need. */
export type IdentityDeps = Pick<EngineDeps, 'store' | 'clock' | 'ids' | 'log' | 'keyMaterial' | 'passwordHasher'> & {
  readonly epoch: IdentityEpoch;
};
