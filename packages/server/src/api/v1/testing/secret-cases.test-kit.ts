import type { OperationName, VmSecretRequest } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Ask } from '../../testing/send.ts';
import type { Case } from './routes.test-kit.ts';

type SecretRoute = Extract<OperationName, `${string}Secret` | 'listSecrets' | 'rotateSecretsKey'>;

/** Keeps the secret that the examples know, and says how a VM is given it. */
export async function givenSecrets(client: VolaryClient): Promise<VmSecretRequest[]> {
  await client.secrets.create({ name: 'FIRST', value: 'hush' });
  return [{ name: 'FIRST', file: '/run/secrets/first' }];
}

/** What has to be shown of the routes of secrets. */
export function secretCases(client: () => VolaryClient): Readonly<Record<SecretRoute, Case>> {
  let made = 0;
  const own = async (): Promise<Ask> => {
    const { id } = await client().secrets.create({ name: `OWN_${made++}`, value: 'hush' });
    return { params: { ref: id } };
  };
  const failing = { ask: { params: { ref: 'UNKNOWN' } }, status: 404, reason: 'secret.unknown' } as const;
  return {
    createSecret: {
      ask: () => ({ body: { name: `OWN_${made++}`, value: 'hush', description: 'Of a test' } }),
      status: 201,
      failing: { ask: { body: { name: 'FIRST', value: 'again' } }, status: 409, reason: 'secret.name_taken' },
    },
    listSecrets: {
      ask: () => ({ query: { limit: 1 } }),
      status: 200,
      failing: { ask: { query: { cursor: 'vm_x' } }, status: 400, reason: 'request.invalid' },
    },
    getSecret: { ask: () => ({ params: { ref: 'FIRST' } }), status: 200, failing },
    setSecret: {
      ask: async () => ({ ...(await own()), body: { value: 'aHVzaA==', encoding: 'base64' } }),
      status: 200,
      failing: { ...failing, ask: { ...failing.ask, body: { value: 'x' } } },
    },
    deleteSecret: {
      ask: own,
      status: 204,
      failing: { ask: { params: { ref: 'FIRST' } }, status: 409, reason: 'secret.in_use' },
    },
    rotateSecretsKey: {
      ask: () => ({}),
      status: 200,
      failing: { ask: { headers: { authorization: 'Basic x' } }, status: 401, reason: 'auth.key_missing' },
    },
  };
}
