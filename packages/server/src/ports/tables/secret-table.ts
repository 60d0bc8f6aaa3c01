import type { SecretId } from '../../domain/ids.ts';
import type { Secret } from '../../domain/secret/secret.ts';
import type { PageRequest } from '../requests.ts';

/** Secrets, in the order they were made. */
export interface SecretTable {
  /** Throws `already_exists` secret.name_taken when its owner has one of this name. */
  insert(secret: Secret): Promise<void>;
  get(id: SecretId): Promise<Secret | null>;
  getByName(owner: string, name: string): Promise<Secret | null>;
  list(page: PageRequest<SecretId> & { readonly owner?: string }): Promise<readonly Secret[]>;
  /** Writes the row but for `lastUsedAt`, if its revision is still `secret.revision - 1`; throws `conflict` store.revision otherwise. */
  update(secret: Secret): Promise<void>;
  /** Notes that these were used at this moment, or later. */
  noteUsed(ids: readonly SecretId[], at: number): Promise<void>;
  /** Removes the row if its revision is still this one; throws `conflict` store.revision otherwise. */
  delete(id: SecretId, revision: number): Promise<void>;
  count(owner: string): Promise<number>;
  /** Secrets whose sealed value begins so, or does not; at most `limit`. */
  listSealedBy(prefix: string, limit: number): Promise<readonly Secret[]>;
  listNotSealedBy(prefix: string, limit: number): Promise<readonly Secret[]>;
}
