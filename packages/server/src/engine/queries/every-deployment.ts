import type { Deployment } from '../../domain/deployment/deployment.ts';
import type { DeploymentId } from '../../domain/ids.ts';
import type { Tables } from '../../ports/store.ts';

const PAGE = 200;

/** All deployments, a page at a time. */
export async function* everyDeployment({ deployments }: Pick<Tables, 'deployments'>): AsyncIterable<Deployment> {
  let after: DeploymentId | null = null;
  for (;;) {
    const page: readonly Deployment[] = await deployments.list({ limit: PAGE, after });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.id;
  }
}
