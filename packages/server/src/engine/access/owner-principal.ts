import { FROM_NOWHERE, type Principal } from '../../domain/principal/principal.ts';
import { rightsOf } from '../../domain/principal/rights.ts';
import type { Tables } from '../../ports/store.ts';
import { rightsOfUser } from '../identity/roles-of.ts';

/**
 * Who owns something, as somebody who asks: for what the server does by itself on that one's behalf, which is to reach no further than that one
 * does now. Of whom there is no account, only what is that one's own.
 */
export async function ownerPrincipal(tables: Pick<Tables, 'users' | 'roles'>, name: string): Promise<Principal> {
  const user = await tables.users.getByName(name);
  return {
    kind: 'user',
    name,
    rights: user === null ? rightsOf(['*@own']) : await rightsOfUser(tables, user),
    credential: { kind: 'none', id: null },
    origin: FROM_NOWHERE,
  };
}
