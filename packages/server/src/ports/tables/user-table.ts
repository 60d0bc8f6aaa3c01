import type { ApiKeyId, UserId } from '../../domain/ids.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { ApiKey } from '../../domain/user/api-key.ts';
import type { CustomRole } from '../../domain/user/role.ts';
import type { User, UserState } from '../../domain/user/user.ts';
import type { PageRequest } from '../requests.ts';

/** Users, in the order they were made. Rows are never removed: a name is given once. */
export interface UserTable {
  /** Throws `already_exists` user.name_taken / user.email_taken. */
  insert(user: User): Promise<void>;
  get(id: UserId): Promise<User | null>;
  /** Also one that is deleted. */
  getByName(name: string): Promise<User | null>;
  /** By the e-mail address, whatever the case of its letters. */
  getByEmail(email: string): Promise<User | null>;
  list(page: PageRequest<UserId> & { readonly states?: readonly UserState[] }): Promise<readonly User[]>;
  /** Those that have this role and are not deleted, in the order they were made; at most `limit`. */
  listWithRole(role: string, limit: number): Promise<readonly User[]>;
  /** Those with a second factor that begins with `prefix` as it is sealed, at most `limit`. */
  listMfaSealedBy(prefix: string, limit: number): Promise<readonly User[]>;
  /** Writes the row if its revision is still `user.revision - 1`; throws `conflict` store.revision otherwise, `already_exists` user.email_taken. */
  update(user: User): Promise<void>;
  /** How much belongs to the user of this name, of each kind. */
  countOwned(name: string): Promise<OwnedCounts>;
  /** Notes a login. It is no change of the row: its revision stays. */
  markLogin(id: UserId, at: EpochMs): Promise<void>;
}

/** How much belongs to somebody. */
export interface OwnedCounts {
  readonly vms: number;
  readonly snapshots: number;
  readonly webhooks: number;
  readonly secrets: number;
  readonly templates: number;
  readonly deployments: number;
  readonly volumes: number;
  readonly networks: number;
  readonly security_groups: number;
}

/** Roles that somebody made, by name. */
export interface RoleTable {
  /** Throws `already_exists` role.name_taken. */
  insert(role: CustomRole): Promise<void>;
  get(name: string): Promise<CustomRole | null>;
  list(page: PageRequest<string>): Promise<readonly CustomRole[]>;
  /** Writes the row if its revision is still `role.revision - 1`; throws `conflict` store.revision otherwise. */
  update(role: CustomRole): Promise<void>;
  /** False if it is not there. */
  delete(name: string): Promise<boolean>;
}

/** API keys, in the order they were made. A key that is revoked is removed. */
export interface ApiKeyTable {
  /** Throws `conflict` store.constraint when its prefix is another's. */
  insert(key: ApiKey): Promise<void>;
  get(id: ApiKeyId): Promise<ApiKey | null>;
  getByPrefix(prefix: string): Promise<ApiKey | null>;
  list(page: PageRequest<ApiKeyId> & { readonly owner?: string }): Promise<readonly ApiKey[]>;
  countOf(owner: string): Promise<number>;
  /** Writes its name and its labels; nothing else of a key changes. False if it is not there. */
  update(key: Pick<ApiKey, 'id' | 'name' | 'labels'>): Promise<boolean>;
  /** Notes its use, if it is there. */
  markUsed(id: ApiKeyId, at: EpochMs): Promise<void>;
  /** False if it is not there. */
  delete(id: ApiKeyId): Promise<boolean>;
  /** Removes all of this owner's. Returns how many. */
  deleteOf(owner: string): Promise<number>;
}
