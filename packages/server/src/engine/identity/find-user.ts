import { VolaryError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import type { User } from '../../domain/user/user.ts';
import type { Tables } from '../../ports/store.ts';

/** The user with this id or name, deleted or not. Throws `not_found` user.unknown. */
export async function findAnyUser({ users }: Pick<Tables, 'users'>, ref: string): Promise<User> {
  const id = parseId('usr', ref);
  const user = id === null ? await users.getByName(ref) : await users.get(id);
  if (user === null) throw unknownUser();
  return user;
}

/** The same, if it is not deleted. */
export async function findUser(tables: Pick<Tables, 'users'>, ref: string): Promise<User> {
  const user = await findAnyUser(tables, ref);
  if (user.state === 'deleted') throw unknownUser();
  return user;
}

/** `not_found` user.unknown. */
function unknownUser(): VolaryError {
  return new VolaryError('not_found', 'There is no such user.', { reason: 'user.unknown' });
}
