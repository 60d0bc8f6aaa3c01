import type { Json, JsonObject } from '../json.ts';

/** The object after a JSON merge patch (RFC 7396): null removes a name, an object is merged, anything else takes the place of what is there. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const kept = Object.entries(target).filter(([name]) => !Object.hasOwn(patch, name));
  const given = Object.entries(patch).flatMap(([name, value]): [string, Json][] => {
    if (value === null) return [];
    if (!isObject(value)) return [[name, value]];
    const present = Object.hasOwn(target, name) ? target[name] : undefined;
    return [[name, mergePatch(isObject(present) ? present : {}, value)]];
  });
  return Object.fromEntries([...kept, ...given]);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
