/** The cases of `/v1/auth`: most of them are a user's who has just logged in. */
import { type Login, type Route, routes } from '@volary/contract';
import { logIn, type VolaryClient } from '@volary/sdk';
import { TOTP } from 'otpauth';
import { type Ask, send } from '../../testing/send.ts';
import { type Case, UNAUTHENTICATED } from './routes.test-kit.ts';

/** A server, and a client of it that may do everything. */
interface World {
  readonly url: string;
  readonly client: VolaryClient;
}

const PASSWORD = 'brisk umbrella 7';
const NO_SESSION = 'sess_01kahx6z51f8r9y6m3s2t1v0x1';
const STEP_MS = 30_000;

/** The cases by their routes. `world` is asked for when a case is run. */
export function authCases(world: () => World) {
  let made = 0;

  /** A user of its own who has just logged in. */
  async function person(): Promise<Login> {
    const { name } = await world().client.users.create({ name: `person-${made++}`, password: PASSWORD });
    return await logIn({ baseUrl: world().url }, { name, password: PASSWORD });
  }

  async function asPerson(ask: Ask = {}): Promise<Ask> {
    return { ...ask, headers: { authorization: `Bearer ${(await person()).access_token}` } };
  }

  /** The same with a second factor, enrolled or confirmed; the code is one that was not used. */
  async function withFactor(state: 'enrolled' | 'confirmed'): Promise<Ask> {
    const ask = await asPerson();
    const send = async (route: Route, body: object): Promise<{ readonly secret?: string }> =>
      JSON.parse((await sendTo(route, { ...ask, body })).text);
    const { secret = '' } = await send(routes.enrolMfa, {});
    const totp = new TOTP({ secret });
    if (state === 'confirmed')
      await send(routes.confirmMfa, { code: totp.generate({ timestamp: Date.now() - STEP_MS }) });
    return { ...ask, body: { code: totp.generate() } };
  }

  function sendTo(route: Route, ask: Ask): ReturnType<typeof send> {
    return send(world().url, route, ask);
  }

  return {
    login: {
      ask: async () => ({ body: { name: (await person()).user.name, password: PASSWORD } }),
      status: 200,
      failing: {
        ask: { body: { email: 'nobody@example.com', password: 'a guess' } },
        status: 401,
        reason: 'auth.invalid_login',
      },
    },
    refreshLogin: {
      ask: async () => ({ body: { refresh_token: (await person()).refresh_token } }),
      status: 200,
      failing: { ask: { body: { refresh_token: 'a.b.c' } }, status: 401, reason: 'auth.token_invalid' },
    },
    logout: { ask: asPerson, status: 204, failing: { ask: {}, status: 409, reason: 'auth.no_session' } },
    listSessions: {
      ask: () => asPerson({ query: { limit: 1 } }),
      status: 200,
      failing: { ask: { query: { cursor: 'vm_x' } }, status: 400, reason: 'request.invalid' },
    },
    deleteSession: {
      ask: async () => ({ params: { id: (await person()).session_id } }),
      status: 204,
      failing: {
        ask: { params: { id: NO_SESSION } },
        status: 404,
        reason: 'auth.unknown_session',
      },
    },
    changePassword: {
      ask: () => asPerson({ body: { current_password: PASSWORD, new_password: 'another umbrella' } }),
      status: 204,
      failing: {
        ask: { body: { current_password: 'a guess', new_password: 'another umbrella' } },
        status: 403,
        reason: 'auth.wrong_password',
      },
    },
    enrolMfa: { ask: asPerson, status: 200, failing: UNAUTHENTICATED },
    confirmMfa: {
      ask: () => withFactor('enrolled'),
      status: 200,
      failing: { ask: { body: { code: '000000' } }, status: 409, reason: 'auth.mfa_not_enrolled' },
    },
    disableMfa: {
      ask: () => withFactor('confirmed'),
      status: 204,
      failing: { ask: { body: { user: 'nobody-here' } }, status: 404, reason: 'user.unknown' },
    },
    renewRecoveryCodes: {
      ask: () => withFactor('confirmed'),
      status: 200,
      failing: { ask: { body: { code: '000000' } }, status: 409, reason: 'auth.mfa_not_enabled' },
    },
    getPublicKeys: {
      ask: () => ({}),
      status: 200,
      failing: { ask: {}, status: 405, reason: 'route.method_not_allowed' },
    },
  } as const satisfies Readonly<Record<string, Case>>;
}
