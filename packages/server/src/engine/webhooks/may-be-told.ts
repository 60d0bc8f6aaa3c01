import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { Tables } from '../../ports/store.ts';
import { rightsOfUser } from '../identity/roles-of.ts';

/** Whether whose webhook it is may still read what it is told: somebody who is disabled, or has lost a role, is told nothing more by it. */
export async function mayBeTold(
  tables: Pick<Tables, 'users' | 'roles'>,
  { owner, eventsOf, target }: Pick<Webhook, 'owner' | 'eventsOf' | 'target'>,
): Promise<boolean> {
  const user = await tables.users.getByName(owner);
  if (user?.state !== 'active') return false;
  const { all, own } = await rightsOfUser(tables, user);
  // What is told goes out with the installation's own token.
  if (target !== null && !all.has('integration:send')) return false;
  return all.has('event:read') || (eventsOf === owner && own.has('event:read'));
}
