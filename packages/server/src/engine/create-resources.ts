import { createBatchKeeper } from './batches/batch-keeper.ts';
import type { ChangeDeps } from './create-deps.ts';
import type { Guests } from './create-guests.ts';
import { createAutoscaler } from './deployments/autoscaler.ts';
import { createDeploymentKeeper } from './deployments/deployment-keeper.ts';
import { createReplicaWatch } from './deployments/replica-watch.ts';
import { createExpiries } from './expiry/expiry.ts';
import type { BuildsByKind } from './reconcile/builds.ts';
import { createImageBuilds } from './reconcile/image-builder.ts';
import { createSnapshotKeeper } from './snapshots/snapshot-keeper.ts';
import { createPruner } from './system/pruner.ts';
import { createInstallations } from './templates/installations.ts';
import { createBuiltInTemplates } from './templates/sync-built-in.ts';
import { createToolBuilds } from './tools/tool-builder.ts';
import { createVmOnce } from './vms/create-vm-api.ts';
import { createVolumeKeeper } from './volumes/volume-keeper.ts';
import { createTemplateBuilds } from './warm/template-builds.ts';
import type { TemplateMaker } from './warm/template-maker.ts';
import { createWorkspaceKeeper } from './workspaces/workspace-keeper.ts';

/** What keeps everything besides the VMs as it is wanted. */
export function createResources(deps: ChangeDeps, guests: Guests, templateMaker: TemplateMaker) {
  const builds: BuildsByKind = {
    image: createImageBuilds(deps),
    tool: createToolBuilds(deps),
    warm_template: createTemplateBuilds({ ...deps, templates: templateMaker }),
    template: createInstallations(deps),
  };
  const builtIns = createBuiltInTemplates(deps);
  const createVm = createVmOnce(deps, builtIns);
  const batches = createBatchKeeper({ ...deps, ...guests, createVm });
  const snapshots = createSnapshotKeeper(deps);
  const volumes = createVolumeKeeper(deps);
  const watch = createReplicaWatch(deps.clock);
  const deployments = createDeploymentKeeper({ ...deps, watch });
  const autoscaler = createAutoscaler({ ...deps, ...guests, watch });
  const workspaces = createWorkspaceKeeper({ ...deps, ...guests });
  const expiries = createExpiries(deps);
  const pruner = createPruner({ ...deps, builtIns });
  return {
    ...{ builds, builtIns, createVm, batches, snapshots, volumes },
    ...{ deployments, autoscaler, workspaces, expiries, pruner },
  };
}
