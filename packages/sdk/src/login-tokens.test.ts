import { describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { isFresh, type LoginTokens, loginCredentials, tokensOf } from './login-tokens.ts';

const HOUR_MS = 3_600_000;

/** Tokens numbered by how often they were refreshed; a step of the clock by hand. */
function createSession(serverRefuses: ReadonlySet<string> = new Set()) {
  let nowMs = 0;
  let refreshes = 0;
  const tokensNumber = (number: number): LoginTokens => ({
    accessToken: `access ${number}`,
    refreshToken: `refresh ${number}`,
    expiresAt: nowMs + HOUR_MS,
  });
  const credentials = loginCredentials({
    tokens: tokensNumber(0),
    now: () => nowMs,
    async refresh({ refreshToken }) {
      expect(refreshToken).toBe(`refresh ${refreshes}`);
      refreshes += 1;
      return tokensNumber(refreshes);
    },
  });
  const seen: (string | null)[] = [];
  const answer: typeof fetch = async (_url, init) => {
    const shown = new Headers(init?.headers).get('authorization')?.replace('Bearer ', '') ?? null;
    seen.push(shown);
    return serverRefuses.has(String(shown)) ? new Response('no', { status: 401 }) : Response.json({ items: [] });
  };
  const client = createClient({ baseUrl: 'http://127.0.0.1:1', apiKey: credentials, fetch: answer });
  return {
    client,
    seen,
    step: (byMs: number) => {
      nowMs += byMs;
    },
  };
}

describe('the credentials of a login', () => {
  it('are the access token, as long as it is good for some time', async () => {
    const { client, seen, step } = createSession();
    await client.images.list();
    step(HOUR_MS - 31_000);
    await client.images.list();
    step(1_000);
    await client.images.list();

    expect(seen).toEqual(['access 0', 'access 0', 'access 1']);
  });

  it('are renewed once for all requests that need it at the same time', async () => {
    const { client, seen, step } = createSession();
    step(HOUR_MS);
    await Promise.all([1, 2, 3].map(() => client.images.list()));

    expect(seen).toEqual(['access 1', 'access 1', 'access 1']);
  });

  it('are renewed when the server refuses them, and the request is sent again', async () => {
    const { client, seen } = createSession(new Set(['access 0']));
    await Promise.all([client.images.list(), client.images.list()]);

    expect(seen.filter((shown) => shown === 'access 1')).toHaveLength(2);
    expect(seen).not.toContain('access 2');
  });

  it('are renewed once for a request, whatever the server says then', async () => {
    const { client, seen } = createSession(new Set(['access 0', 'access 1']));

    await expect(client.images.list()).rejects.toMatchObject({ status: 401 });
    expect(seen).toEqual(['access 0', 'access 1']);
  });

  it('are made of what a login gives', () => {
    const tokens = tokensOf({ access_token: 'a', refresh_token: 'r', expires_in: 3_600 }, 1_000);

    expect(tokens).toEqual({ accessToken: 'a', refreshToken: 'r', expiresAt: 3_601_000 });
    expect(isFresh(tokens, 3_570_999)).toBe(true);
    expect(isFresh(tokens, 3_571_000)).toBe(false);
  });
});

describe('a key', () => {
  it('is shown as it is, and a refusal stands', async () => {
    const seen: unknown[] = [];
    const answer: typeof fetch = async (_url, init) => {
      seen.push(new Headers(init?.headers).get('authorization'));
      return new Response('no', { status: 401 });
    };
    const client = createClient({ baseUrl: 'http://127.0.0.1:1', apiKey: 'vk_x', fetch: answer });

    await expect(client.images.list()).rejects.toMatchObject({ status: 401 });
    expect(seen).toEqual(['Bearer vk_x']);
  });
});
