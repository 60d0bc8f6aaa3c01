import { type OperationName, type Route, routes } from '@volary/contract';
import { createClient } from '@volary/sdk';
import fc from 'fast-check';
import type { TObject } from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nearlyObjectsOf } from '../testing/arbitraries.ts';
import { faultsOf } from '../testing/conformance.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { type Ask, send, textOf } from '../testing/send.ts';

/*
 * Requests made from the schemas, valid ones and nearly valid ones: each is answered, with a status that the table names and a
 * body that its schema describes; none finds the server at a loss (500).
 */
const RUNS = 25;

let server: RunningServer;
/** Values of path parameters that there is something behind. */
let known: Readonly<Record<string, readonly string[]>>;

beforeAll(async () => {
  server = await runServer();
  const client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  const operation = await client.vms.create({ name: 'first' });
  await client.operations.finish(operation.id);
  await client.operations.finish((await client.vms.create({ name: 'stopped', start: false })).id);
  const ended = await client.executions.run('first', { argv: ['echo', 'hi'] });
  const running = await client.executions.detach('first', { argv: ['cat'], stdin: true });
  known = {
    ref: ['first', 'first', 'stopped', 'nobody', operation.vm?.id ?? '', 'vm_01kahx6z4qf8r9y6m3s2t1v0wq'],
    id: [operation.id, ended.execution.id, running.id],
    name: ['base'],
    port: ['7', '80', '9'],
    number: ['1', '2', '999'],
    key: ['0'.repeat(32)],
  };
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** What a request must not ask for lest it take for ever: nobody is going to end it. */
const TAMED: Readonly<Record<string, unknown>> = { timeout: 0, follow: false };

function queriesOf(schema: TObject): fc.Arbitrary<Record<string, unknown>> {
  const tame = Object.fromEntries(Object.entries(TAMED).filter(([name]) => name in schema.properties));
  return nearlyObjectsOf(schema).map((query) => ({ ...query, ...tame }));
}

function paramsOf(schema: TObject): fc.Arbitrary<Record<string, string>> {
  const real = fc.record(mapValues(schema.properties, (_, name) => fc.constantFrom(...(known[name] ?? []))));
  const made = nearlyObjectsOf(schema).map((params) => mapValues(params, aSegment));
  return fc.oneof({ weight: 4, arbitrary: real }, { weight: 1, arbitrary: made });
}

function asksOf(route: Route): fc.Arbitrary<Ask> {
  return fc.record({
    params: route.params === undefined ? fc.constant({}) : paramsOf(route.params),
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

/** The one that leaves nothing to the others comes last. */
const table: readonly (readonly [OperationName, Route])[] = Object.values(routes)
  .map((route) => [route.operationId, route] as const)
  .sort(([a], [b]) => Number(a === 'deleteVm') - Number(b === 'deleteVm'));

describe.each(table)('%s', (_name, route) => {
  it('has a documented answer to any request', async () => {
    await fc.assert(
      fc.asyncProperty(asksOf(route), async (ask) => {
        const answer = await send(server.url, route, ask);

        expect(faultsOf(route, answer)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});
