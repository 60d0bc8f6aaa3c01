import type { Deployment, DeploymentRevision } from '../../domain/deployment/deployment.ts';
import { DEPLOYMENT_LIMITS } from '../../domain/deployment/strategy.ts';
import type { StorageUser } from '../../domain/system/usage.ts';
import type { Tables } from '../../ports/store.ts';
import { everyDeployment } from './every-deployment.ts';

/** Besides those that are kept, the one that is wanted, the last that was rolled out, and one more: a page that holds all there are. */
const PAGE = DEPLOYMENT_LIMITS.revisions + 3;

/** All revisions that deployments keep: what their next replicas are made from, or would be after a rollback. Newest first of each. */
export async function* everyRevision(
  tables: Pick<Tables, 'deployments'>,
): AsyncIterable<{ readonly deployment: Deployment; readonly revision: DeploymentRevision }> {
  for await (const deployment of everyDeployment(tables)) {
    let after: number | null = null;
    for (;;) {
      const page: readonly DeploymentRevision[] = await tables.deployments.listRevisions(deployment.id, {
        limit: PAGE,
        after,
      });
      for (const revision of page) yield { deployment, revision };
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = last.number;
    }
  }
}

/** A deployment as one that needs a thing. */
export function userOf({ id, name }: Deployment): StorageUser {
  return { kind: 'deployment', id, name };
}
