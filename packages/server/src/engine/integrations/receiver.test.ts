import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSlackIntegration } from '../../adapters/integrations/slack/slack-integration.ts';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { IncomingDelivery } from '../../domain/integrations.ts';
import type { Integration } from '../../ports/integration.ts';
import type { Store, Tables } from '../../ports/store.ts';
import type { RunCommand } from '../apis/integration-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { request } from '../vm-life.test-kit.ts';

const SECRET = 'secret';
const ORIGIN = { address: '192.0.2.7', requestId: 'req_1' };
const clock = createSystemClock();
const slack = createSlackIntegration(
  { clock },
  { botToken: null, signingSecret: SECRET, apiUrl: 'https://slack.example' },
);

/** Says that it hangs until it is told to give up. */
const hanging: Integration = {
  ...slack,
  name: 'discord',
  health: ({ signal }) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve({ why: 'It was given up.', detail: null }));
    }),
};

let installation: Installation;
beforeEach(() => {
  installation = createInstallation({ integrations: [slack, hanging] });
});
afterEach(() => installation[Symbol.asyncDispose]());

function delivery(fields: object): IncomingDelivery {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const body = Buffer.from(JSON.stringify(fields));
  const signature = `v0=${createHmac('sha256', SECRET).update(`v0:${timestamp}:`).update(body).digest('hex')}`;
  return { headers: { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature }, body };
}

const COMMAND = delivery({ type: 'slash_command', command: '/make', user_id: 'U1', text: 'web' });

const make = (server: TestServer): RunCommand => {
  return async (principal, { text }, { once }) => {
    const { operation } = await server.engine.vms.create(principal, request(text), { once });
    return operation.id;
  };
};

async function received(server: TestServer, runCommand: RunCommand, sent = COMMAND): Promise<unknown> {
  const asked = { name: 'slack', delivery: sent, origin: ORIGIN, runCommand };
  return (await server.engine.integrations.receive(asked))['text'];
}

async function events({ store }: TestServer): Promise<readonly unknown[]> {
  const all = await store.events.list({ after: 0, limit: 200, types: ['integration.event'] });
  return all.map(({ data }) => data);
}

/** The store, which writes down no delivery as often as that. */
function failing(times: number): (store: Store) => Store {
  let left = times;
  const broken = (tables: Tables): Tables => ({
    ...tables,
    receivedDeliveries: {
      ...tables.receivedDeliveries,
      insert: (row) => {
        left -= 1;
        if (left < 0) return tables.receivedDeliveries.insert(row);
        throw new VolaryError('unavailable', 'The database is busy.', { reason: 'store.busy' });
      },
    },
  });
  return (store) => ({
    ...store,
    transaction: (work) => store.transaction((tables) => work(broken(tables))),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  });
}

describe('a command', () => {
  it('that could not be written down is run again when it comes again, and takes effect once', async () => {
    const server = await installation.start(undefined, undefined, undefined, failing(1));

    expect(await received(server, make(server))).toBe('The database is busy.');
    expect(await events(server)).toEqual([]);
    const [vm] = await server.store.vms.list({ limit: 9, after: null });
    const again = await received(server, make(server));

    expect(await server.store.vms.list({ limit: 9, after: null })).toHaveLength(1);
    expect((await server.store.operations.list({ limit: 9, after: null })).map(({ id }) => id)).toEqual([again]);
    expect(vm).toMatchObject({ name: 'web', owner: 'slack' });
    expect(await events(server)).toMatchObject([{ kind: 'slash_command', result: 'done', reason: null }]);
    expect(await received(server, make(server))).toBeUndefined();
  });

  it('that was refused is over; one that failed for now is not', async () => {
    const server = await installation.start();
    let runs = 0;
    const failingFirst: RunCommand = async () => {
      runs += 1;
      if (runs === 1) throw new VolaryError('unavailable', 'Not now.', { reason: 'host.not_ready' });
      throw new VolaryError('invalid_argument', 'Never.', { reason: 'request.invalid' });
    };

    expect(await received(server, failingFirst)).toBe('Not now.');
    expect(await received(server, failingFirst)).toBe('Never.');
    expect(await received(server, failingFirst)).toBeUndefined();
    expect(runs).toBe(2);
    expect(await events(server)).toMatchObject([{ result: 'refused', reason: 'request.invalid' }]);
  });

  it('that takes long is answered in time all the same, goes on, and is written down when it is done', async () => {
    const server = await installation.start();
    const gate = Promise.withResolvers<string>();

    expect(await received(server, () => gate.promise)).toMatch('takes longer');
    expect(await events(server)).toEqual([]);
    expect(await received(server, make(server))).toMatch('still being answered');
    gate.resolve('done');
    await expect.poll(() => events(server)).toMatchObject([{ result: 'done' }]);
  });

  it('ends with the server', async () => {
    const server = await installation.start();
    const begun = Promise.withResolvers<void>();
    const answer = received(server, (_principal, _command, { signal }) => {
      begun.resolve();
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });

    await begun.promise;
    await server.stop();

    expect(await answer).toBe('The server is stopping. Ask again in a moment.');
  });

  it('comes from nobody else who has that name', async () => {
    const server = await installation.start();
    await server.engine.users.create(ADMIN, {
      ...{ name: 'slack', email: null, displayName: '', roles: ['admin'], password: null, quota: null, labels: {} },
    });

    expect(await received(server, make(server))).toBe('This user may not come in that way.');
    expect(await server.store.vms.list({ limit: 9, after: null })).toEqual([]);
  });
});

it('what has happened elsewhere is told as failed when it cannot be written down, and processed when it comes again', async () => {
  const server = await installation.start(undefined, undefined, undefined, failing(1));
  const happened = delivery({ type: 'event_callback', event_id: 'Ev1', event: { type: 'message', user: 'U1' } });

  await expect(received(server, make(server), happened)).rejects.toMatchObject({ reason: 'store.busy' });
  expect(await events(server)).toEqual([]);
  await received(server, make(server), happened);
  await received(server, make(server), happened);

  expect(await events(server)).toMatchObject([{ kind: 'message', delivery_id: 'Ev1' }]);
});

describe('integrations', () => {
  it('are listed with how they are, and what came last, to those who may see them', async () => {
    const server = await installation.start();
    await received(server, async () => 'done');

    expect(await server.engine.integrations.list(ADMIN)).toMatchObject([
      { name: 'github', isConfigured: false, takesDeliveries: false, sends: false, health: { state: 'disabled' } },
      {
        ...{ name: 'slack', isConfigured: true, takesDeliveries: true, sends: false, health: { state: 'ok' } },
        lastDelivery: { kind: 'slash_command', action: '/make' },
      },
      { name: 'discord', health: { state: 'degraded', why: expect.stringMatching(/\.$/) }, lastDelivery: null },
    ]);
    const nobody = { ...ADMIN, rights: { all: new Set<never>(), own: new Set<never>() } };
    await expect(server.engine.integrations.list(nobody)).rejects.toMatchObject({ reason: 'access.denied' });
  });

  it('that are not there take nothing', async () => {
    const server = await installation.start();
    const receive = (name: string) =>
      server.engine.integrations.receive({ name, delivery: COMMAND, origin: ORIGIN, runCommand: make(server) });

    for (const name of ['github', 'gitlab', 'constructor'])
      await expect(receive(name)).rejects.toMatchObject({ code: 'not_found', reason: 'integration.unknown' });
  });
});
