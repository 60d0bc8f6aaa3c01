import { type OperationName, type Route, routes } from '@volary/contract';
import { createClient } from '@volary/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nearlyObjectsOf } from '../testing/arbitraries.ts';
import { faultsOf } from '../testing/conformance.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { type Ask, send } from '../testing/send.ts';

/*
 * Requests made from the schemas, valid ones and nearly valid ones: each is answered, with a status that the table names and a
 * body that its schema describes; none finds the server at a loss (500).
 */
const RUNS = 25;

let server: RunningServer;

beforeAll(async () => {
  server = await runServer();
  const client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  for (const name of ['first', 'second']) await client.operations.finish((await client.vms.create({ name })).id);
  await client.vms.create({ name: 'stopped', start: false });
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const refs = fc.constantFrom('first', 'second', 'stopped', 'nobody', 'vm_01kahx6z4qf8r9y6m3s2t1v0wq');

/** What a request must not ask for lest it take for ever: nobody is going to end it. */
const TAMED: Readonly<Record<string, unknown>> = { timeout: 0, follow: false };

function tamed(part: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, TAMED[name] ?? value]));
}

function asksOf(route: Route): fc.Arbitrary<Ask> {
  const none = fc.constant({});
  const params =
    route.params === undefined
      ? none
      : fc.tuple(nearlyObjectsOf(route.params), refs, fc.boolean()).map(([{ ref, ...rest }, known, isKnown]) => ({
          ...texts(rest),
          ...('ref' in (route.params?.properties ?? {}) ? { ref: isKnown ? known : aSegment(String(ref)) } : {}),
        }));
  const query = route.query === undefined ? none : nearlyObjectsOf(route.query).map(tamed);
  const body = bodiesOf(route);
  const headers = fc.constant({ accept: 'application/json' });
  return fc.record({ params, query, body, headers });
}

function bodiesOf({ body }: Route): fc.Arbitrary<unknown> {
  if (body === undefined) return fc.constant(undefined);
  if (body.isStream) return fc.uint8Array({ maxLength: 1000 });
  // A command that is given no input ends by itself.
  return nearlyObjectsOf(body.content.schema).map((fields) =>
    'stdin' in fields ? { ...fields, stdin: '', timeout_ms: 100 } : fields,
  );
}

function texts(params: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, aSegment(String(value))]));
}

/** A segment that is empty or made of dots would make another path. */
function aSegment(text: string): string {
  return /^\.*$/.test(text) ? 'x' : text;
}

const table: readonly (readonly [OperationName, Route])[] = Object.values(routes).map((route) => [
  route.operationId,
  route,
]);

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
