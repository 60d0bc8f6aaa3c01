import type { Deployment } from '../../domain/deployment/deployment.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { deploymentEvent } from '../deployments/deployment-events.ts';
import type { Once, Unchanged } from '../requests.ts';
import type { DeploymentDeps } from './create-deployment.ts';
import { requestDeploymentChange, requireKept } from './update-deployment.ts';

/** Has all replicas replaced by new ones of the same kind: a revision like the last one is rolled out. */
export async function restartDeployment(
  deps: DeploymentDeps,
  principal: Principal,
  ref: string,
  options: Unchanged & Once = {},
): Promise<Deployment> {
  const asked = { principal, ref, permission: 'deployment:update', ...options } as const;
  return await requestDeploymentChange(deps, asked, async (before, tables, now) => {
    requireKept(before);
    const revision = await tables.deployments.getRevision(before.id, before.target);
    if (revision === null)
      throw new VolaryError('data_loss', 'What its replicas are made from is not there.', { reason: 'store.damaged' });
    return {
      patch: {},
      content: revision.content,
      cause: { kind: 'restarted' },
      events: [deploymentEvent('deployment.updated', before, now, { changed: [], restarted: true })],
      audit: { action: 'deployment.restart', details: { revision: before.target } },
    };
  });
}
