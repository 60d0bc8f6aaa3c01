import { createClient, logIn, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEventSocket } from '../testing/event-socket.ts';
import { type RunningApi, runApi } from '../testing/run-api.ts';
import { ADMIN_KEY } from '../testing/run-server.ts';

const PASSWORD = 'brisk umbrella 7';

let api: RunningApi;
let admin: VolaryClient;
let made = 0;

beforeAll(async () => {
  api = await runApi({});
  admin = createClient({ baseUrl: api.url, apiKey: ADMIN_KEY });
});
afterAll(() => api?.[Symbol.asyncDispose]());

/** What follows events. It has begun when this resolves. */
interface Follower {
  readonly end: Promise<unknown>;
  stop(): Promise<void>;
}

async function bySse(key: string): Promise<Follower> {
  const stopping = new AbortController();
  const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream' };
  const answer = await fetch(`${api.url}/v1/events`, { headers, signal: stopping.signal });
  expect(answer.status).toBe(200);
  // Broken off, and so an error.
  const end = answer.text().catch((error: unknown) => error);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await end;
  };
  return { end, stop };
}

async function bySocket(key: string): Promise<Follower> {
  const socket = await openEventSocket(api.url, '?after=0', key);
  await socket.until((received) => received.length > 0);
  return { end: socket.closed, stop: socket.close };
}

/** A user of its own, with a session and a key. */
async function person() {
  const { name } = await admin.users.create({ name: `person-${made++}`, roles: ['viewer'], password: PASSWORD });
  const login = await logIn({ baseUrl: api.url }, { name, password: PASSWORD });
  return { name, token: login.access_token, made: await admin.apiKeys.create({ name: 'test', owner: name }) };
}

describe.each([
  ['a stream', bySse],
  ['a socket', bySocket],
])('%s of events ends', (_what, follow) => {
  it('when the key is revoked that it was asked for by', async () => {
    const { made } = await person();
    const { end } = await follow(made.key);

    await admin.apiKeys.revoke(made.id);

    await end;
    await expect(follow(made.key)).rejects.toThrow();
  });

  it('when its user logs out, and not before', async () => {
    const [leaving, staying] = [await person(), await person()];
    const other = await follow(staying.token);
    const byKey = await follow(leaving.made.key);
    const { end } = await follow(leaving.token);

    await createClient({ baseUrl: api.url, apiKey: leaving.token }).auth.logOut();

    await end;
    await admin.users.me();
    const neither = Symbol('neither');
    const first = await Promise.race([other.end, byKey.end, Promise.resolve(neither)]);
    expect(first).toBe(neither);
    await Promise.all([other.stop(), byKey.stop()]);
  });

  it.each([
    ['is disabled', { state: 'disabled' as const }],
    ['loses a role', { roles: ['member'] }],
  ])('when its user %s', async (_how, change) => {
    const { name, token } = await person();
    const { end } = await follow(token);

    await admin.users.update(name, change);

    await end;
  });
});
