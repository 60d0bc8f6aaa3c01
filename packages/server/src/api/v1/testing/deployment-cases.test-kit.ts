import type { OperationName } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Ask } from '../../testing/send.ts';
import type { Case } from './routes.test-kit.ts';

type DeploymentRoute = Extract<OperationName, `${string}Deployment` | 'listDeployments' | 'listDeploymentRevisions'>;

/** What has to be shown of the routes of deployments. */
export function deploymentCases(client: () => VolaryClient): Readonly<Record<DeploymentRoute, Case>> {
  let made = 0;
  const replica = { memory_mib: 128, disk_gib: 1 };
  const own = async (replicas = 0): Promise<string> => {
    const name = `dep-${made++}`;
    await client().deployments.create({ name, replicas, replica });
    return name;
  };
  const ofOwn = async (): Promise<Ask> => ({ params: { ref: await own() } });
  const failing = { ask: { params: { ref: 'unknown' } }, status: 404, reason: 'deployment.unknown' } as const;
  return {
    createDeployment: {
      ask: () => ({
        body: {
          name: `dep-${made++}`,
          replicas: 1,
          labels: { team: 'blue' },
          strategy: { max_surge: '50%', max_unavailable: 0 },
          autoscaling: { min_replicas: 1, max_replicas: 2 },
          replica,
        },
      }),
      status: 201,
      failing: {
        ask: { body: { name: 'nil', strategy: { max_surge: 0, max_unavailable: '0%' } } },
        status: 400,
        reason: 'deployment.invalid_strategy',
      },
    },
    listDeployments: {
      ask: async () => {
        await own();
        return { query: { limit: 1 } };
      },
      status: 200,
      failing: { ask: { query: { limit: 201 } }, status: 400, reason: 'request.invalid' },
    },
    getDeployment: { ask: ofOwn, status: 200, failing },
    waitForDeployment: {
      ask: async () => ({ params: { ref: await own(1) }, query: { phase: 'running', timeout: 10 } }),
      status: 200,
      failing,
    },
    updateDeployment: {
      ask: async () => ({ ...(await ofOwn()), body: { replicas: 1, is_paused: true, replica: { memory_mib: 192 } } }),
      status: 200,
      failing: { ...failing, ask: { ...failing.ask, body: { replicas: 1 } } },
    },
    restartDeployment: { ask: ofOwn, status: 200, failing },
    rollBackDeployment: {
      ask: async () => ({ ...(await ofOwn()), body: { revision: 1 } }),
      status: 200,
      failing,
    },
    listDeploymentRevisions: { ask: async () => ({ ...(await ofOwn()), query: { limit: 5 } }), status: 200, failing },
    deleteDeployment: { ask: ofOwn, status: 202, failing },
  };
}
