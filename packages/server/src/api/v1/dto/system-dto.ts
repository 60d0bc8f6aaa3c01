import type { StorageUse as StorageUseDto } from '@volary/contract';
import type { StorageUse, StoredThing } from '../../../domain/system/usage.ts';
import { toIsoOrNull } from './to-iso.ts';

const MOST_ITEMS = 100;
const MOST_USERS = 10;

/** What one kind of things takes, as `/v1` shows it. */
export function toStorageUseDto({ kind, count, bytes, reclaimableBytes, things }: StorageUse): StorageUseDto {
  const items = things.slice(0, MOST_ITEMS).map(toThingDto);
  return { kind, count, bytes, reclaimable_bytes: reclaimableBytes, items };
}

function toThingDto({ id, name, bytes, usedAt, isReclaimable, usedBy }: StoredThing): StorageUseDto['items'][number] {
  const users = usedBy.slice(0, MOST_USERS).map((user) => ({ ...user }));
  const facts = { id, name, bytes, last_used_at: toIsoOrNull(usedAt), is_reclaimable: isReclaimable };
  return { ...facts, used_by: users, user_count: usedBy.length };
}
