import type { NamedKind } from '../../domain/labels/named.ts';

/** Labels of what has a name and need have no row of its own. What is not there has none. */
export interface NamedLabelTable {
  /** Writes all labels of it, in place of those that it has; none: forgets it. */
  put(kind: NamedKind, name: string, labels: Readonly<Record<string, string>>): Promise<void>;
  /** Of all of a kind that have some, by name. */
  list(kind: NamedKind): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>>;
}
