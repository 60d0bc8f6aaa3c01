import type { OperationName } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Ask } from '../../testing/send.ts';
import { type Case, UNAUTHENTICATED, UNKNOWN_KEY, UNKNOWN_ROLE, UNKNOWN_USER } from './routes.test-kit.ts';

type AccountRoute = Extract<
  OperationName,
  | `${string}User`
  | `${string}Users`
  | `${string}Role`
  | `${string}Roles`
  | `${string}ApiKey`
  | `${string}ApiKeys`
  | `${string}Me`
  | 'setUserPassword'
>;

/** What is shown of the routes of users, roles and keys, by this client of an administrator's. */
export function accountCases(client: () => VolaryClient): Readonly<Record<AccountRoute, Case>> {
  let made = 0;

  /** A user of its own, without a password. */
  async function user(): Promise<Ask> {
    const { name } = await client().users.create({ name: `user-${made++}`, roles: ['viewer'] });
    return { params: { ref: name } };
  }

  /** A role of its own, which nobody has. */
  async function role(): Promise<Ask> {
    const name = `role-${made++}`;
    await client().roles.put(name, { permissions: ['vm:read'] });
    return { params: { name } };
  }

  /** An API key of its own. */
  async function apiKey(): Promise<Ask> {
    const { id } = await client().apiKeys.create({ name: 'mine', permissions: ['vm:read'] });
    return { params: { id } };
  }

  return {
    getMe: { ask: () => ({}), status: 200, failing: UNAUTHENTICATED },
    updateMe: {
      ask: () => ({ body: { display_name: 'The administrator' } }),
      status: 200,
      failing: { ask: { body: { roles: ['admin'] } }, status: 400, reason: 'request.invalid' },
    },
    createUser: {
      ask: () => ({
        body: {
          name: `user-${made++}`,
          email: `user-${made}@example.com`,
          quota: { vms: 4 },
          labels: { team: 'blue' },
        },
      }),
      status: 201,
      failing: { ask: { body: { name: 'admin' } }, status: 409, reason: 'user.name_taken' },
    },
    listUsers: {
      ask: async () => {
        await user();
        return { query: { limit: 1, state: ['active', 'disabled'] } };
      },
      status: 200,
      failing: { ask: { query: { cursor: 'vm_x' } }, status: 400, reason: 'request.invalid' },
    },
    getUser: { ask: user, status: 200, failing: UNKNOWN_USER },
    updateUser: {
      ask: async () => ({
        ...(await user()),
        body: { roles: ['operator'], state: 'disabled', quota: { memory_mib: 512 } },
      }),
      status: 200,
      failing: {
        ask: { params: { ref: 'admin' }, body: { state: 'disabled' } },
        status: 409,
        reason: 'user.last_admin',
      },
    },
    deleteUser: { ask: user, status: 204, failing: UNKNOWN_USER },
    setUserPassword: {
      ask: async () => ({ ...(await user()), body: { password: 'brisk umbrella 7' } }),
      status: 204,
      failing: {
        ask: { params: { ref: 'admin' }, body: { password: 'administrator!' } },
        status: 400,
        reason: 'user.weak_password',
      },
    },
    listRoles: { ask: () => ({}), status: 200, failing: UNAUTHENTICATED },
    getRole: { ask: role, status: 200, failing: UNKNOWN_ROLE },
    putRole: {
      ask: () => ({
        params: { name: `role-${made++}` },
        body: { permissions: ['vm:read', '*@own'], description: 'New' },
      }),
      status: 201,
      failing: {
        ask: { params: { name: 'viewer' }, body: { permissions: ['vm:read'] } },
        status: 409,
        reason: 'role.built_in',
      },
    },
    deleteRole: { ask: role, status: 204, failing: UNKNOWN_ROLE },
    createApiKey: {
      ask: () => ({ body: { name: 'CI', permissions: ['vm:read'], expires_at: '2999-01-01T00:00:00.000Z' } }),
      status: 201,
      failing: {
        ask: { body: { name: 'CI', expires_at: '2001-01-01T00:00:00.000Z' } },
        status: 400,
        reason: 'api_key.invalid_expiry',
      },
    },
    listApiKeys: {
      ask: async () => {
        await apiKey();
        return { query: { limit: 1, owner: 'admin' } };
      },
      status: 200,
      failing: { ask: { query: { cursor: 'vm_x' } }, status: 400, reason: 'request.invalid' },
    },
    updateApiKey: {
      ask: async () => ({ ...(await apiKey()), body: { name: 'ours', labels: { team: 'blue' } } }),
      status: 200,
      failing: { ...UNKNOWN_KEY, ask: { ...UNKNOWN_KEY.ask, body: { name: 'ours' } } },
    },
    getApiKey: { ask: apiKey, status: 200, failing: UNKNOWN_KEY },
    deleteApiKey: { ask: apiKey, status: 204, failing: UNKNOWN_KEY },
  };
}
