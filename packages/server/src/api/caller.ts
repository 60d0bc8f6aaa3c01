import { NOBODY, type Principal } from '../domain/principal/principal.ts';

/** Whose something is that is counted: a user's, by whichever key; of nobody who is known, an address's. */
export function callerOf(principal: Principal, address: string | null): string {
  return principal === NOBODY ? `address ${address}` : `user ${principal.name}`;
}
