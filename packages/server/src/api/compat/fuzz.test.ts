import { SSE_TYPE } from '@volary/contract';
import { createClient } from '@volary/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dialect } from '../../domain/dialects.ts';
import { parseId, uuidOf } from '../../domain/ids.ts';
import type { Face } from '../face.ts';
import { ALL_FACES } from '../faces.ts';
import { asksOf, type Known } from '../testing/asks.ts';
import { dialectFaultsOf } from '../testing/conformance.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { send } from '../testing/send.ts';
import { Fault as AetheriumFault } from './aetherium/schemas.ts';
import { SECRETS } from './aetherium/webhooks.test-kit.ts';
import { Fault as NovacronFault } from './novacron/schemas.ts';
import { Fault as VmApiFault } from './vm-api/schemas.ts';
import { Fault as VolantFault } from './volant/schemas.ts';

/*
 * Requests made from the schemas of each dialect, valid ones and nearly valid ones: each is answered in the dialect's own shape,
 * and none finds the server at a loss (500).
 */
const RUNS = 25;
/** What the errors of each are. Does not compile without one. */
const FAULTS: Readonly<Record<Dialect, object>> = {
  aetherium: AetheriumFault,
  novacron: NovacronFault,
  volant: VolantFault,
  'vm-api': VmApiFault,
};

let server: RunningServer;
let known: Known;

beforeAll(async () => {
  // What integrations send is looked at where they are set up; with the listener their secrets count.
  server = await runServer({ VOLARY_RATE_LIMIT: 'off', ...SECRETS }, ['--listen', 'aetherium=127.0.0.1:0']);
  const client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  await client.vms.create({ name: 'first-vm' });
  await client.deployments.create({ name: 'first-set', replicas: 1 });
  const workspace = await client.workspaces.create({ name: 'first' });
  const ids = [parseId('ws', workspace.id), parseId('vm', workspace.vm_id)].filter((id) => id !== null);
  known = {
    vm_id: [(await client.vms.get('first-vm')).id, 'vm_xyz789'],
    integration: ['github', 'slack', 'discord', 'nobody'],
    name: ['first-vm', 'first-set', 'nobody'],
    plugin: ['base', 'nodejs@1'],
    id: [...ids.map(uuidOf), '01a202bc-8cb2-7a31-b5b9-1552001f0c0b'],
  };
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const DIALECTS = Object.entries(FAULTS).flatMap(([name, fault]) =>
  ALL_FACES.filter(({ face }) => face.name === name).map(({ face, prefix }) => ({ name, face, prefix, fault })),
);

describe.each(DIALECTS)('$name', ({ face, prefix, fault }) => {
  it.each(deletionsLast(face))('%s has an answer of its own to any request', async (_name, route) => {
    await fc.assert(
      fc.asyncProperty(asksOf(route, known), async (ask) => {
        const answer = await send(server.url + prefix, route, ask);

        expect(dialectFaultsOf(route, fault, answer)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});

/** What leaves nothing to the others. */
function deletionsLast({ routes }: Face) {
  // A stream of events has no end to wait for: its own test reads it.
  const ending = routes.filter(({ responses }) => responses[200]?.content[0]?.contentType !== SSE_TYPE);
  return ending
    .toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))
    .map((route) => [route.operationId, route] as const);
}
