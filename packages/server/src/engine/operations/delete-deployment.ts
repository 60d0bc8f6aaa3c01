import type { Deployment } from '../../domain/deployment/deployment.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { deploymentEvent } from '../deployments/deployment-events.ts';
import type { Unchanged } from '../requests.ts';
import type { DeploymentDeps } from './create-deployment.ts';
import { requestDeploymentChange } from './update-deployment.ts';

/** Has it go with all its VMs. Asking twice changes nothing. */
export async function deleteDeployment(
  deps: DeploymentDeps,
  principal: Principal,
  ref: string,
  options: Unchanged = {},
): Promise<Deployment> {
  const asked = { principal, ref, permission: 'deployment:delete', ...options } as const;
  return await requestDeploymentChange(deps, asked, async (before, _tables, now) => ({
    patch: { isDeleting: true },
    events: before.isDeleting ? [] : [deploymentEvent('deployment.deleting', before, now)],
    audit: { action: 'deployment.delete', details: { replicas: before.replicas } },
  }));
}
