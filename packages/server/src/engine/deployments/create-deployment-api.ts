import type { DeploymentApi } from '../apis/deployment-api.ts';
import { createDeployment, type DeploymentDeps } from '../operations/create-deployment.ts';
import { deleteDeployment } from '../operations/delete-deployment.ts';
import { restartDeployment } from '../operations/restart-deployment.ts';
import { rollBackDeployment } from '../operations/roll-back-deployment.ts';
import { updateDeployment } from '../operations/update-deployment.ts';
import { createDeploymentQueries } from '../queries/deployments.ts';
import type { BuiltInTemplates } from '../templates/sync-built-in.ts';

/** What can be asked about deployments; templates that come with the program are known before one is looked for. */
export function createDeploymentApi(deps: DeploymentDeps, { whenKnown }: BuiltInTemplates): DeploymentApi {
  return {
    create: async (principal, request, options) => {
      if (request.vm.template !== undefined) await whenKnown();
      return await createDeployment(deps, principal, request, options);
    },
    update: async (principal, ref, change, options) => {
      if (change.vm?.template !== undefined) await whenKnown();
      return await updateDeployment(deps, principal, ref, change, options);
    },
    restart: (principal, ref, options) => restartDeployment(deps, principal, ref, options),
    rollBack: (principal, ref, options) => rollBackDeployment(deps, principal, ref, options),
    delete: (principal, ref, options) => deleteDeployment(deps, principal, ref, options),
    ...createDeploymentQueries(deps),
  };
}
