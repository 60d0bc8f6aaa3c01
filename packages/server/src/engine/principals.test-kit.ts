import type { Principal } from '../domain/principal/principal.ts';
import { rightsOf } from '../domain/principal/rights.ts';

/** A user with rights by these patterns, as if authenticated by a key. */
export function principalWith(name: string, ...patterns: readonly string[]): Principal {
  return {
    kind: 'user',
    name,
    rights: rightsOf(patterns),
    credential: { kind: 'api_key', id: null },
    origin: { address: '127.0.0.1', requestId: null },
  };
}

export const ADMIN = principalWith('admin', '*');

/** The built-in administrator's, on test installations. */
export const ADMIN_KEY = 'an-admin-key-for-tests';
