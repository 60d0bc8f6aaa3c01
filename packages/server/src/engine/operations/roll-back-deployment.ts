import type { Deployment } from '../../domain/deployment/deployment.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Tables } from '../../ports/store.ts';
import { deploymentEvent } from '../deployments/deployment-events.ts';
import type { Once, Unchanged } from '../requests.ts';
import type { DeploymentDeps } from './create-deployment.ts';
import { requestDeploymentChange, requireKept } from './update-deployment.ts';

/** Wants an earlier revision again. Replicas of it that are still there stay. */
export async function rollBackDeployment(
  deps: DeploymentDeps,
  principal: Principal,
  ref: string,
  { to, ...options }: Unchanged & Once & { readonly to?: number } = {},
): Promise<Deployment> {
  const asked = { principal, ref, permission: 'deployment:update', ...options } as const;
  return await requestDeploymentChange(deps, asked, async (before, tables, now) => {
    requireKept(before);
    const target = to ?? (await earlierRevision(tables, before));
    if ((await tables.deployments.getRevision(before.id, target)) === null) throw unknownRevision(before, target);
    const details = { from: before.target, to: target };
    return {
      patch: target === before.target && before.rollout.state === 'complete' ? {} : { target },
      events: [deploymentEvent('deployment.updated', before, now, { changed: ['vm'], rolled_back_to: target })],
      audit: { action: 'deployment.roll-back', details },
    };
  });
}

/** The last that was rolled out, if it is another than the one that is wanted; else the one before that. */
async function earlierRevision(
  { deployments }: Pick<Tables, 'deployments'>,
  { id, name, target, stable }: Deployment,
): Promise<number> {
  if (stable > 0 && stable !== target) return stable;
  const [before] = await deployments.listRevisions(id, { limit: 1, after: target });
  if (before !== undefined) return before.number;
  throw new VolaryError('failed_precondition', `${name} has no revision before ${target}.`, {
    reason: 'deployment.no_earlier_revision',
    details: { revision: target },
  });
}

function unknownRevision({ name }: Deployment, number: number): VolaryError {
  return new VolaryError('not_found', `${name} has no revision ${number}, or does not keep it any more.`, {
    reason: 'deployment.unknown_revision',
    details: { revision: number },
  });
}
