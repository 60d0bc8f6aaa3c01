import type { Route } from '@volary/contract';
import fc from 'fast-check';
import type { TObject } from 'typebox';
import { nearlyObjectsOf } from './arbitraries.ts';
import { type Ask, textOf } from './send.ts';

/** Values of path parameters that there is something behind. */
export type Known = Readonly<Record<string, readonly string[]>>;

/** What a request must not ask for lest it take for ever: nobody is going to end it. */
const TAMED: Readonly<Record<string, unknown>> = { timeout: 0, follow: false };

function queriesOf(schema: TObject): fc.Arbitrary<Record<string, unknown>> {
  const tame = Object.fromEntries(Object.entries(TAMED).filter(([name]) => name in schema.properties));
  return nearlyObjectsOf(schema).map((query) => ({ ...query, ...tame }));
}

function paramsOf(schema: TObject, known: Known): fc.Arbitrary<Record<string, string>> {
  const real = fc.record(mapValues(schema.properties, (_, name) => fc.constantFrom(...(known[name] ?? []))));
  const made = nearlyObjectsOf(schema).map((params) => mapValues(params, aSegment));
  return fc.oneof({ weight: 4, arbitrary: real }, { weight: 1, arbitrary: made });
}

/** Requests to this route made from its schemas, valid ones and nearly valid ones. */
export function asksOf(route: Route, known: Known): fc.Arbitrary<Ask> {
  return fc.record({
    params: route.params === undefined ? fc.constant({}) : paramsOf(route.params, known),
    query: route.query === undefined ? fc.constant({}) : queriesOf(route.query),
    body: bodiesOf(route),
    headers: fc.constant({ accept: 'application/json' }),
  });
}

function bodiesOf({ body }: Route): fc.Arbitrary<unknown> {
  if (body === undefined) return fc.constant(undefined);
  if (body.isStream) return fc.uint8Array({ maxLength: 1000 });
  return nearlyObjectsOf(body.content.schema).map(endingSoon).map(ofAnImageThatIs);
}

/** A command that is told in one way, has no input to wait for, and little time. */
function endingSoon({ command, ...body }: Record<string, unknown>): Record<string, unknown> {
  if (!('argv' in body || command !== undefined)) return body;
  return { ...('argv' in body ? {} : { command }), ...body, stdin: '', timeout_ms: 100 };
}

/** Any other name is refused before all the rest. */
function ofAnImageThatIs(body: Record<string, unknown>): Record<string, unknown> {
  return 'image' in body ? { ...body, image: 'base' } : body;
}

function mapValues<A, B>(
  values: Readonly<Record<string, A>>,
  change: (value: A, name: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]));
}

/** A segment that is empty or made of dots would make another path. */
function aSegment(value: unknown): string {
  const text = textOf(value);
  return /^\.*$/.test(text) ? 'x' : text;
}
