import type { OperationId, VmId } from '../domain/ids.ts';
import { authorise } from './access/authorise.ts';
import { createRateLimits } from './access/rate-limits.ts';
import { createAges } from './ages.ts';
import { createAlertWatch } from './alerts/alert-watch.ts';
import { createAuditApi } from './apis/audit-api.ts';
import { createHealthApi } from './apis/health-api.ts';
import { createMetricApi } from './apis/metric-api.ts';
import { createQuotaApi } from './apis/quota-api.ts';
import { createRefusals } from './audit/refusals.ts';
import { createBatchKeeper } from './batches/batch-keeper.ts';
import { createCloudInitKeeper } from './cloud-init/cloud-init-keeper.ts';
import { createAutoscaler } from './deployments/autoscaler.ts';
import { createDeploymentApi } from './deployments/create-deployment-api.ts';
import { createDeploymentKeeper } from './deployments/deployment-keeper.ts';
import { createReplicaWatch } from './deployments/replica-watch.ts';
import type { EngineConfig, EngineDeps } from './deps.ts';
import type { Engine } from './engine.ts';
import { createExpiries } from './expiry/expiry.ts';
import { createHealthWatch } from './health/health-watch.ts';
import { createIdempotency } from './idempotency/claims.ts';
import { createIdentity } from './identity/create-identity.ts';
import { namesOfImages } from './images/known-images.ts';
import { createIntegrationApi } from './integrations/create-integration-api.ts';
import { createReceiver } from './integrations/receiver.ts';
import { createRegistry } from './integrations/registry.ts';
import { createLogIntake } from './logs/log-intake.ts';
import { createLogQueries } from './logs/log-queries.ts';
import { createHostSampler } from './metrics/host-sampler.ts';
import { createSampler } from './metrics/sampler.ts';
import { createMonitoringApi } from './monitoring/create-monitoring-api.ts';
import { createMeasures } from './monitoring/measures.ts';
import { meteredStore } from './monitoring/metered-store.ts';
import { createNetworkApi, createSecurityGroupApi } from './networks/create-network-api.ts';
import { ensureDefaultNetwork } from './networks/default-network.ts';
import { createNetworkKeeper } from './networks/network-keeper.ts';
import { buildImage } from './operations/build-image.ts';
import { buildWarmTemplate } from './operations/build-warm-template.ts';
import { cancelOperation } from './operations/cancel-operation.ts';
import { createVm, type WarmCreation } from './operations/create-vm.ts';
import { defineImage } from './operations/define-image.ts';
import { deleteVm } from './operations/delete-vm.ts';
import { migrateVm, WHY_NO_MIGRATION } from './operations/migrate-vm.ts';
import { pauseVm } from './operations/pause-vm.ts';
import { pruneSystem } from './operations/prune-system.ts';
import { removeImage } from './operations/remove-image.ts';
import { removeWarmTemplate } from './operations/remove-warm-template.ts';
import type { OperationDeps } from './operations/request-change.ts';
import { restartVm } from './operations/restart-vm.ts';
import { resumeVm } from './operations/resume-vm.ts';
import { rollBackVm } from './operations/roll-back-vm.ts';
import { runBatch } from './operations/run-batch.ts';
import { startVm } from './operations/start-vm.ts';
import { stopVm } from './operations/stop-vm.ts';
import { suspendVm } from './operations/suspend-vm.ts';
import { updateImage } from './operations/update-image.ts';
import { updateVm } from './operations/update-vm.ts';
import { createPortApi } from './ports/create-port-api.ts';
import { createAlertQueries } from './queries/alerts.ts';
import { capabilitiesHere, describeDrivers } from './queries/drivers.ts';
import { createEstimates } from './queries/estimates.ts';
import { createEventQueries } from './queries/events.ts';
import { createHostQueries, probeDriver } from './queries/hosts.ts';
import { getImage, listImages } from './queries/images.ts';
import { createOperationQueries } from './queries/operations.ts';
import { findSystemUsage } from './queries/system-usage.ts';
import { createRevisionQueries } from './queries/vm-revisions.ts';
import { createVmQueries } from './queries/vms.ts';
import { listWarmTemplates } from './queries/warm-templates.ts';
import { createIntegrationLooks } from './readiness/integration-looks.ts';
import { createReadiness } from './readiness/readiness.ts';
import { createDiskSpace } from './reconcile/disk-space.ts';
import { createImageBuilds } from './reconcile/image-builder.ts';
import { createSupervisor } from './reconcile/supervisor.ts';
import { createVmReconciler } from './reconcile/vm-reconciler.ts';
import { createSecretApi } from './secrets/create-secret-api.ts';
import { createSecretDelivery } from './secrets/delivery.ts';
import { createKeyRotations } from './secrets/rotate-key.ts';
import { createActivity } from './sessions/activity.ts';
import { createExecutions } from './sessions/executions.ts';
import { createFiles } from './sessions/files.ts';
import { createGuestLinks, openerOf } from './sessions/guest-links.ts';
import { createSnapshotApi } from './snapshots/create-snapshot-api.ts';
import { createSnapshotKeeper } from './snapshots/snapshot-keeper.ts';
import { createAwaken } from './suspend/awaken.ts';
import { createIdleWatch } from './suspend/idle-watch.ts';
import { createPruner } from './system/pruner.ts';
import { createTemplateApi } from './templates/create-template-api.ts';
import { createInstallations } from './templates/installations.ts';
import { createBuiltInTemplates } from './templates/sync-built-in.ts';
import { createToolApi } from './tools/create-tool-api.ts';
import { createToolBuilds } from './tools/tool-builder.ts';
import { withSpans } from './tracing/ports-with-spans.ts';
import { createVolumeApi } from './volumes/create-volume-api.ts';
import { createVolumeKeeper } from './volumes/volume-keeper.ts';
import { withImageNews } from './warm/image-news.ts';
import { createSparePool, type SparePool } from './warm/spare-pool.ts';
import { createTemplateBuilds } from './warm/template-builds.ts';
import { createTemplateMaker } from './warm/template-maker.ts';
import { createWarmStarts } from './warm/warm-starts.ts';
import { createWebhookApi } from './webhooks/create-webhook-api.ts';
import { sealOlderSecrets } from './webhooks/seal-older-secrets.ts';
import { createWorkloadApi } from './workloads/create-workload-api.ts';
import { createWorkloadInterface } from './workloads/create-workload-interface.ts';
import { createWorkloadKeeper } from './workloads/workload-keeper.ts';
import { createWorkspaceApi } from './workspaces/create-workspace-api.ts';
import { createWorkspaceKeeper } from './workspaces/workspace-keeper.ts';

/** An engine with its life: `start` before it takes work, `stop` before its parts are closed. */
export interface RunningEngine extends Engine {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Puts the engine together. Nothing runs before `start`. */
export function createEngine(given: Omit<EngineDeps, 'driver' | 'measures'>, config: EngineConfig): RunningEngine {
  const { tracer } = given;
  const measures = createMeasures(given.meter);
  const store = meteredStore(given.store, measures, tracer);
  const ports = tracer === null ? given : { ...given, ...withSpans(given, tracer) };
  const driver = ports.drivers.first;
  const pool = createSparePool({ ...ports, store, driver, measures, config });
  const deps: EngineDeps = { ...ports, store, driver, measures, images: withImageNews(ports.images, pool) };
  const links = createGuestLinks({ driver: openerOf(deps), log: deps.log });
  const templates = createTemplateMaker({ ...deps, config, pool });
  const warm = createWarmStarts({ ...deps, config, pool, templates });
  const secrets = createSecretDelivery(deps);
  const rotations = createKeyRotations({ ...deps, hostId: config.hostId });
  const changing: OperationDeps & EngineDeps & WarmCreation & { readonly pool: SparePool } = {
    ...{ ...deps, config, wake, pool, warm },
    giveWay: () => pool.release(),
  };
  const awaken = createAwaken(changing);
  const activity = createActivity(deps.clock);
  const expiries = createExpiries(changing);
  const executions = createExecutions({ ...deps, config, links, awaken, secrets });
  const cloudInit = createCloudInitKeeper({ ...deps, links, executions });
  const workloads = createWorkloadKeeper({ ...deps, links, secrets, executions });
  const flushOutput = async (vmId: VmId): Promise<void> => await workloads.find(vmId)?.live.flush();
  const logIntake = createLogIntake({ ...deps, flushOutput });
  const networkKeeper = createNetworkKeeper(deps);
  const healthWatch = createHealthWatch({ ...deps, links, secrets });
  const reconciler = createVmReconciler({
    ...deps,
    config,
    links,
    warm,
    secrets,
    cloudInit,
    workloads,
    healthWatch,
    networkKeeper,
    logIntake,
  });
  const builds = createImageBuilds(deps);
  const toolBuilds = createToolBuilds(deps);
  const templateBuilds = createTemplateBuilds({ ...changing, templates });
  const builtIns = createBuiltInTemplates(deps);
  const installations = createInstallations(deps);
  const snapshots = createSnapshotKeeper({ ...deps, config });
  const volumes = createVolumeKeeper({ ...deps, config });
  const diskSpace = createDiskSpace(deps);
  const watch = createReplicaWatch(deps.clock);
  const deployments = createDeploymentKeeper({ ...changing, watch });
  const autoscaler = createAutoscaler({ ...changing, links, watch });
  const sampler = createSampler({ ...deps, links });
  const idle = createIdleWatch({ ...changing, activity, sampler });
  const hostSampler = createHostSampler(deps, { hostId: config.hostId });
  const alerts = createAlertWatch({ ...deps, sampler, settings: config.alerts });
  const workspaces = createWorkspaceKeeper({ ...deps, links, secrets, executions });
  const registry = createRegistry(deps);
  const integrationLooks = createIntegrationLooks(deps, registry);
  const ages = createAges(deps.clock);
  const identity = createIdentity(deps, config, ages);
  const idempotency = createIdempotency({ ...deps, config, ages });
  const receiver = createReceiver({ ...deps, registry, idempotency, authenticate: identity.authenticate });
  const refusals = createRefusals(deps);
  const pruner = createPruner({ ...deps, builtIns });
  const createVmOnce: RunningEngine['vms']['create'] = async (principal, request, options) => {
    if (request.template !== undefined) await builtIns.whenKnown();
    return await createVm(changing, principal, request, options);
  };
  const batches = createBatchKeeper({ ...changing, links, secrets, executions, createVm: createVmOnce });
  const parts = {
    ...{ pruner, reconciler, builds, toolBuilds, templateBuilds, installations, snapshots, links, secrets, warm, pool },
    ...{ executions, cloudInit, workloads, healthWatch, diskSpace, ages, idle, expiries, identity, refusals },
    ...{ deployments, autoscaler, batches, networkKeeper, volumes, workspaces },
    ...{ sampler, hostSampler, alerts, logIntake },
  };
  const supervisor = createSupervisor({ ...deps, config, ...parts });
  const vmQueries = createVmQueries({ ...deps, awaken, activity });
  let notReady: string | null = 'The server is starting.';
  const readiness = createReadiness({
    ...{ ...deps, config, diskSpace, networkKeeper, integrationLooks },
    whyNotRunning: () => notReady,
  });
  let stopListening = (): void => undefined;

  function wake(vmId: VmId): void {
    reconciler.interrupt(vmId);
    deps.queue.enqueue(`vm:${vmId}`);
  }

  function interruptBuild(id: OperationId): void {
    builds.interrupt(id);
    toolBuilds.interrupt(id);
    templateBuilds.interrupt(id);
    installations.interrupt(id);
    batches.interrupt(id);
  }

  return {
    vms: {
      create: createVmOnce,
      start: (principal, ref, options) => startVm(changing, principal, ref, options),
      stop: (principal, ref, options) => stopVm(changing, principal, ref, options),
      restart: (principal, ref, options) => restartVm(changing, principal, ref, options),
      pause: (principal, ref, options) => pauseVm(changing, principal, ref, options),
      update: (principal, ref, request, options) => updateVm(changing, principal, ref, request, options),
      rollBack: (principal, ref, options) => rollBackVm(changing, principal, ref, options),
      suspend: (principal, ref, options) => suspendVm(changing, principal, ref, options),
      resume: (principal, ref, options) => resumeVm(changing, principal, ref, options),
      delete: (principal, ref, options) => deleteVm(changing, principal, ref, options),
      migrate: (principal, ref, request) => migrateVm({ ...deps, config }, principal, ref, request),
      ...vmQueries,
      ...createRevisionQueries(deps),
    },
    operations: {
      ...createOperationQueries(deps),
      ...createEstimates({ ...deps, config }),
      cancel: (principal, id, options) =>
        cancelOperation(
          { ...changing, interruptBuild, interruptSnapshot: snapshots.interrupt },
          principal,
          id,
          options,
        ),
    },
    executions,
    health: createHealthApi({ ...deps, watch: healthWatch }),
    metrics: createMetricApi({ ...deps, vms: vmQueries, config }),
    alerts: createAlertQueries(deps),
    monitoring: createMonitoringApi({ ...deps, pool, sampler, config }),
    logs: createLogQueries(deps),
    workloads: createWorkloadApi({ ...deps, keeper: workloads, awaken }),
    workloadInterfaces: createWorkloadInterface({ ...deps, links, awaken }),
    files: createFiles({ ...deps, links, awaken, activity }),
    ports: createPortApi({ ...deps, links, awaken, activity }),
    events: createEventQueries({ ...deps, config }),
    images: {
      list: (principal, which) => listImages(deps, principal, which),
      get: (principal, name) => getImage(deps, principal, name),
      define: (principal, image, options) => defineImage(changing, principal, image, options),
      build: (principal, name, options) => buildImage(changing, principal, name, options),
      update: (principal, name, change) => updateImage(changing, principal, name, change),
      remove: async (principal, ref) => {
        await builtIns.whenKnown();
        return await removeImage(changing, principal, ref);
      },
    },
    templates: createTemplateApi(changing, builtIns),
    tools: createToolApi(changing),
    warmTemplates: {
      list: (principal, options) => listWarmTemplates(changing, principal, options),
      build: (principal, kind, options) => buildWarmTemplate(changing, principal, kind, options),
      remove: (principal, key, options) => removeWarmTemplate({ ...changing, templates }, principal, key, options),
    },
    webhooks: createWebhookApi(changing),
    integrations: createIntegrationApi({ ...deps, registry, receiver, looks: integrationLooks }),
    secrets: createSecretApi(deps, rotations),
    networks: createNetworkApi(changing),
    securityGroups: createSecurityGroupApi(changing),
    snapshots: createSnapshotApi({ ...changing, interruptSnapshot: snapshots.interrupt }),
    volumes: createVolumeApi({ ...changing, interruptVolume: volumes.interrupt }),
    batches: { run: (principal, request, options) => runBatch(changing, principal, request, options) },
    system: {
      usage: async (principal, options) => {
        await builtIns.whenKnown();
        return await findSystemUsage(deps, principal, options);
      },
      prune: (principal, request, options) => pruneSystem(changing, principal, request, options),
      async components(principal) {
        authorise(principal, 'system:read');
        return await readiness.components();
      },
    },
    users: identity.users,
    roles: identity.roles,
    apiKeys: identity.apiKeys,
    auth: identity.auth,
    authenticate: identity.authenticate,
    watchPrincipal: identity.watchPrincipal,
    hosts: createHostQueries({ ...deps, config }),
    idempotency,
    quotas: createQuotaApi({ ...deps, config }),
    deployments: createDeploymentApi(changing, builtIns),
    workspaces: createWorkspaceApi({ ...changing, begun: workspaces.begun }, builtIns),
    audit: createAuditApi({ ...deps, refusals }),
    rateLimits: createRateLimits(deps, config.rateLimits),
    capabilities: async () => ({
      version: config.version,
      driver: deps.driver.kind,
      drivers: await describeDrivers(deps),
      ...capabilitiesHere(deps),
      whyNoBridges: deps.networks.whyNone,
      whyNoMigration: WHY_NO_MIGRATION,
      images: await namesOfImages(deps),
      degraded: [deps.rateLimiter.whyAlone(), networkKeeper.whyNot()].filter((why) => why !== null),
    }),
    vitals: (options) => readiness.vitals(options),
    whyNotReady: () => readiness.firstFailed(),
    async start() {
      await registry.initialize();
      await identity.start();
      await sealOlderSecrets(deps);
      await rotations.resume();
      await ensureDefaultNetwork(deps);
      stopListening = deps.bus.subscribe('networks', () => networkKeeper.refresh());
      networkKeeper.refresh();
      await supervisor.start();
      const now = deps.clock.now();
      await deps.store.events.append([serverEvent('server.started', config, now)]);
      notReady = null;
      await warnWithoutProgram(deps);
    },
    async stop() {
      notReady = 'The server is stopping.';
      try {
        await deps.store.events.append([serverEvent('server.stopping', config, deps.clock.now())]);
        deps.bus.publish('events', '');
      } catch (error) {
        // A full disk, say: it stops in order all the same.
        deps.log.warn('that the server stops could not be written down', { error });
      }
      await receiver.stop();
      await supervisor.stop();
      await builtIns.untilDone();
      await identity.stop();
      stopListening();
      await networkKeeper.stop();
    },
  };
}

/** Everything but starting a VM works then, so that it is no reason not to start. */
async function warnWithoutProgram(deps: EngineDeps): Promise<void> {
  const { version, accelerator } = await probeDriver(deps, null);
  if (version === '') deps.log.warn('no VM can be started on this host', { why: accelerator.explanation });
}

function serverEvent(type: 'server.started' | 'server.stopping', config: EngineConfig, at: number) {
  return {
    type,
    at,
    subject: config.hostId,
    vmId: null,
    owner: null,
    operationId: null,
    data: { version: config.version },
  } as const;
}
