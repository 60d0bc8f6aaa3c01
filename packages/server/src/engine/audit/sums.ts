import type { NewAuditEntry } from '../../domain/audit/audit.ts';

/** Refusals that have no entry of their own, counted. */
export interface Sums {
  add(entry: NewAuditEntry): void;
  /** One entry for each sum, and begins anew. */
  take(): readonly NewAuditEntry[];
}

interface Sum {
  /** The first of them. */
  readonly entry: NewAuditEntry;
  count: number;
  lastAt: number;
}

/** Sums that are kept apart; what is beyond them is summed up to one for each result. */
const MOST_SUMS = 32;
const VARIOUS = 'various';

/** Adds up those of one principal, address, action and reason, whatever they were aimed at. */
export function createSums(): Sums {
  let sums = new Map<string, Sum>();

  function sumOf(entry: NewAuditEntry): Sum | undefined {
    const { principal, credential, address, action, result, reason } = entry;
    const key = JSON.stringify([principal, credential, address, action, result, reason]);
    const known = sums.get(key);
    if (known !== undefined) return known;
    const isFull = sums.size >= MOST_SUMS;
    const place = isFull ? `${VARIOUS} ${result}` : key;
    if (!sums.has(place)) sums.set(place, { entry: isFull ? various(entry) : entry, count: 0, lastAt: entry.at });
    return sums.get(place);
  }

  return {
    add(entry) {
      const sum = sumOf(entry);
      if (sum === undefined) return;
      sum.count += 1;
      sum.lastAt = entry.at;
    },
    take() {
      const taken = [...sums.values()];
      sums = new Map();
      return taken.map(toEntry);
    },
  };
}

function various(entry: NewAuditEntry): NewAuditEntry {
  const credential = { kind: 'none', id: null } as const;
  return { ...entry, principal: VARIOUS, credential, address: null, action: VARIOUS, reason: VARIOUS };
}

/** At the time of the last of them; of what they were aimed at only the kind is told, and of no request. */
function toEntry({ entry, count, lastAt }: Sum): NewAuditEntry {
  return {
    ...entry,
    at: lastAt,
    requestId: null,
    target: { kind: entry.action === VARIOUS ? VARIOUS : entry.target.kind, id: null, name: null },
    details: { count, first_at: new Date(entry.at).toISOString() },
  };
}
