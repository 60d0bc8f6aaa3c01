import type { Json } from './schema.ts';

/** What was, and what is, at one path; the one that is missing was not there. */
export interface ConfigChange {
  readonly old?: Json;
  readonly new?: Json;
}

/** By path: names joined by dots, as `network.mode`; a dot within a name has a backslash before it. */
export type ConfigChanges = Readonly<Record<string, ConfigChange>>;

/** The schema of changes, by path. */
export function changesSchema(description: string, others: readonly object[] = []) {
  const change = { type: 'object', properties: { old: {}, new: {} }, additionalProperties: false };
  return {
    type: 'object',
    description,
    additionalProperties: others.length === 0 ? change : { anyOf: [change, ...others] },
    examples: [{ vcpus: { old: 2, new: 4 } }],
  };
}
