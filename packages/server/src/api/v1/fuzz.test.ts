import { type OperationName, type Route, routes } from '@volary/contract';
import { createClient } from '@volary/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asksOf, type Known } from '../testing/asks.ts';
import { faultsOf } from '../testing/conformance.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { send } from '../testing/send.ts';

/*
 * Requests made from the schemas, valid ones and nearly valid ones: each is answered, with a status that the table names and a
 * body that its schema describes; none finds the server at a loss (500).
 */
const RUNS = 25;

let server: RunningServer;
let known: Known;

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
    disk: ['root', 'data'],
  };
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** The one that leaves nothing to the others comes last. */
const table: readonly (readonly [OperationName, Route])[] = Object.values(routes)
  .map((route) => [route.operationId, route] as const)
  .sort(([a], [b]) => Number(a === 'deleteVm') - Number(b === 'deleteVm'));

describe.each(table)('%s', (_name, route) => {
  it('has a documented answer to any request', async () => {
    await fc.assert(
      fc.asyncProperty(asksOf(route, known), async (ask) => {
        const answer = await send(server.url, route, ask);

        expect(faultsOf(route, answer)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});
