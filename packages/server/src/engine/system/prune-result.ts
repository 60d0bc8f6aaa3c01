/** What a prune is about and what has come of it, as its operation keeps it: enough for another server to go on. */
import type { Json, JsonObject } from '../../domain/json.ts';
import { STORAGE_KINDS, type StorageKind, type StoredThing } from '../../domain/system/usage.ts';
import type { PruneRequest } from '../apis/system-api.ts';

/** One thing that nothing needed when it was looked at. `kept`: it was needed later, or could not be removed; `message` says why. */
export interface PruneItem extends Pick<StoredThing, 'kind' | 'id' | 'name' | 'bytes'> {
  readonly state: 'found' | 'removed' | 'kept';
  readonly message: string | null;
}

export interface PruneResult extends PruneRequest {
  /** Null: it has not been looked yet. */
  readonly items: readonly PruneItem[] | null;
}

/** As `/v1` shows it, too. */
export function toPruneResult({ kinds, isDryRun, items }: PruneResult): Json {
  const freed = items?.filter(({ state }) => state === 'removed') ?? [];
  return {
    kinds: [...kinds],
    dry_run: isDryRun,
    items: items === null ? null : items.map((item) => ({ ...item })),
    freed_bytes: freed.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Null if that is none. */
export function readPruneResult(result: Json): PruneResult | null {
  if (!isObject(result)) return null;
  const { kinds, dry_run: isDryRun, items } = result;
  if (!isList(kinds) || typeof isDryRun !== 'boolean') return null;
  const known = STORAGE_KINDS.filter((kind) => kinds.includes(kind));
  return { kinds: known, isDryRun, items: isList(items) ? items.flatMap((item) => readItem(item) ?? []) : null };
}

function readItem(item: Json): PruneItem | null {
  if (!isObject(item)) return null;
  const { id, name, bytes, state, message } = item;
  const kind: StorageKind | undefined = STORAGE_KINDS.find((one) => one === item['kind']);
  if (kind === undefined || typeof id !== 'string' || typeof bytes !== 'number') return null;
  const reached = (['found', 'removed', 'kept'] as const).find((one) => one === state) ?? 'found';
  return { kind, id, name: textOrNull(name), bytes, state: reached, message: textOrNull(message) };
}

function textOrNull(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
