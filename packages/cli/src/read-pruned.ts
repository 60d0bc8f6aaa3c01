import type { Json } from '@volary/contract';

interface PrunedItem {
  readonly kind: string;
  readonly id: string;
  readonly name: string | null;
  readonly bytes: number;
  readonly state: string;
  readonly message: string | null;
}

/** The result of a prune's operation; what a newer server may have put there in another way is left out. */
export function readPruned(result: Json): { readonly items: readonly PrunedItem[]; readonly freedBytes: number } {
  const items = field(result, 'items');
  const freed = field(result, 'freed_bytes');
  return {
    items: Array.isArray(items) ? items.map(readItem) : [],
    freedBytes: typeof freed === 'number' ? freed : 0,
  };
}

function readItem(item: Json): PrunedItem {
  const bytes = field(item, 'bytes');
  return {
    kind: textOf(item, 'kind') ?? '',
    id: textOf(item, 'id') ?? '',
    name: textOf(item, 'name'),
    bytes: typeof bytes === 'number' ? bytes : 0,
    state: textOf(item, 'state') ?? '',
    message: textOf(item, 'message'),
  };
}

function textOf(value: Json, name: string): string | null {
  const found = field(value, name);
  return typeof found === 'string' ? found : null;
}

function field(value: Json, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return Object.entries(value).find(([key]) => key === name)?.[1] ?? null;
}
