import type { Deployment, DeploymentPhase } from '../../domain/deployment/deployment.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { DeploymentId } from '../../domain/ids.ts';
import { reachOf } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { DeploymentApi } from '../apis/deployment-api.ts';
import type { EngineDeps } from '../deps.ts';
import { findDeployment, unknownDeployment } from './find-deployment.ts';
import { selectedPage } from './selected-page.ts';
import { waitFor } from './wait-for.ts';

type QueryDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock'>;

/** What can be asked about deployments without changing any. */
export function createDeploymentQueries(deps: QueryDeps): Pick<DeploymentApi, 'get' | 'list' | 'revisions' | 'wait'> {
  const { store } = deps;
  return {
    get: (principal, ref) => findDeployment(store, { principal, permission: 'deployment:read' }, ref),

    async list(principal, request) {
      authorise(principal, 'deployment:read');
      const reach = ofOwner(reachOf(principal, 'deployment:read'));
      return await selectedPage(request, (page) => store.deployments.list({ ...page, ...reach }));
    },

    async revisions(principal, ref, { limit, after }) {
      const { id } = await findDeployment(store, { principal, permission: 'deployment:read' }, ref);
      const rows = await store.deployments.listRevisions(id, { limit: limit + 1, after });
      const items = rows.slice(0, limit);
      return { items, next: rows.length > limit ? (items.at(-1)?.number ?? null) : null };
    },

    async wait(principal, ref, phase, waiting) {
      const id = await findWaitedFor(store, { principal, ref, phase });
      if (id === null) return null;
      const found = await waitFor(deps, { topic: 'deployment', key: id }, waiting, async () => {
        const deployment = await store.deployments.get(id);
        if (deployment === null && phase !== 'absent') throw unknownDeployment(ref);
        return deployment === null || isIn(deployment, phase) ? { deployment } : undefined;
      });
      if (found !== undefined) return found.deployment;
      throw new VolaryError('deadline_exceeded', `${ref} was not ${phase} within ${waiting.timeoutMs / 1_000} s.`, {
        reason: 'deployment.wait_timeout',
        details: { phase, timeout_ms: waiting.timeoutMs },
      });
    },
  };
}

/** Throws `failed_precondition` deployment.rollout_stopped where what is waited for does not come by itself. */
function isIn({ name, status, generation, rollout }: Deployment, phase: DeploymentPhase | 'absent'): boolean {
  // What was seen before the last request says nothing of what came of it.
  if (status.observedGeneration < generation) return false;
  if (status.phase === phase) return true;
  // Also a stopped one goes when it is deleted; that it has failed shows a moment later.
  if (rollout.state === 'stopped' && status.phase !== 'deleting' && phase !== 'failed')
    throw stopped(name, rollout.message);
  return false;
}

/** Null when it is gone already and that is what is waited for. */
async function findWaitedFor(
  store: QueryDeps['store'],
  asked: {
    readonly principal: Parameters<typeof authorise>[0];
    readonly ref: string;
    readonly phase: DeploymentPhase | 'absent';
  },
): Promise<DeploymentId | null> {
  try {
    return (await findDeployment(store, { ...asked, permission: 'deployment:read' }, asked.ref)).id;
  } catch (error) {
    if (asked.phase === 'absent' && error instanceof VolaryError && error.reason === 'deployment.unknown') return null;
    throw error;
  }
}

function stopped(name: string, message: string | null): VolaryError {
  return new VolaryError('failed_precondition', `The rollout of ${name} was stopped. ${message ?? ''}`.trim(), {
    reason: 'deployment.rollout_stopped',
    details: { name },
  });
}
