import type { Json, JsonObject } from '../json.ts';

/** What was, and what is; the one that is missing was not there. */
export interface Change {
  readonly old?: Json;
  readonly new?: Json;
}

/**
 * What tells one document from another, by path: names joined by dots, as `network.mode`; a dot or a backslash within a name has a
 * backslash before it. An object that both have is compared name by name, everything else as a whole.
 */
export type Changes = Readonly<Record<string, Change>>;

/** What changes `before` into `after`: applied to the one, it gives the other. */
export function diffOf(before: JsonObject, after: JsonObject): Changes {
  return Object.fromEntries(differences(before, after, []));
}

/** The document after these changes, which were found with it as the first one. */
export function applyChanges(document: JsonObject, changes: Changes): JsonObject {
  return Object.entries(changes).reduce<JsonObject>(
    (changed, [path, change]) => withChange(changed, namesOf(path), change),
    document,
  );
}

/** True for values that are written the same, whatever the order of names. */
export function isSameJson(one: Json, other: Json): boolean {
  if (isObject(one) && isObject(other)) return differences(one, other, []).length === 0;
  if (!isList(one) || !isList(other)) return one === other;
  return one.length === other.length && one.every((value, at) => isSameJson(value, other[at] ?? null));
}

function differences(
  before: JsonObject,
  after: JsonObject,
  above: readonly string[],
): readonly (readonly [string, Change])[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const [old, now] = [memberOf(before, name), memberOf(after, name)];
    const names = [...above, name];
    if (isObject(old) && isObject(now)) return differences(old, now, names);
    if (old !== undefined && now !== undefined && isSameJson(old, now)) return [];
    return [[pathOf(names), { ...(old === undefined ? {} : { old }), ...(now === undefined ? {} : { new: now }) }]];
  });
}

function withChange(document: JsonObject, names: readonly string[], change: Change): JsonObject {
  const [name = '', ...below] = names;
  const others = Object.entries(document).filter(([each]) => each !== name);
  if (below.length === 0)
    return Object.fromEntries(change.new === undefined ? others : [...others, [name, change.new]]);
  const inner = memberOf(document, name);
  return Object.fromEntries([...others, [name, withChange(isObject(inner) ? inner : {}, below, change)]]);
}

function pathOf(names: readonly string[]): string {
  return names.map((name) => name.replaceAll(/[\\.]/g, '\\$&')).join('.');
}

function namesOf(path: string): readonly string[] {
  return path.split(/(?<=(?<!\\)(?:\\\\)*)\./).map((name) => name.replaceAll(/\\(.)/gs, '$1'));
}

/** Names such as `__proto__` are what they are in JSON, and nothing else. */
function memberOf(document: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(document, name) ? document[name] : undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
