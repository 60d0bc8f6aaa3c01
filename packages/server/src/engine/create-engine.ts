import type { OperationId, VmId } from '../domain/ids.ts';
import { createRateLimits } from './access/rate-limits.ts';
import { createAges } from './ages.ts';
import { createAuditApi } from './audit/audit-api.ts';
import { createRefusals } from './audit/refusals.ts';
import type { EngineConfig, EngineDeps } from './deps.ts';
import type { Engine } from './engine.ts';
import { createExpiries } from './expiry/expiry.ts';
import { createHealthApi } from './health/health-api.ts';
import { createHealthWatch } from './health/health-watch.ts';
import { createIdempotency } from './idempotency/claims.ts';
import { createIdentity } from './identity/create-identity.ts';
import { namesOfImages } from './images/known-images.ts';
import { buildImage } from './operations/build-image.ts';
import { buildWarmTemplate } from './operations/build-warm-template.ts';
import { cancelOperation } from './operations/cancel-operation.ts';
import { createSecret, type SecretDeps } from './operations/create-secret.ts';
import { createSnapshot } from './operations/create-snapshot.ts';
import { createTemplate, type TemplateDeps } from './operations/create-template.ts';
import { createVm, type WarmCreation } from './operations/create-vm.ts';
import { createVmFromSnapshot } from './operations/create-vm-from-snapshot.ts';
import { createWebhook, type WebhookDeps } from './operations/create-webhook.ts';
import { defineImage } from './operations/define-image.ts';
import { deleteSecret } from './operations/delete-secret.ts';
import { type DeleteSnapshotDeps, deleteSnapshot } from './operations/delete-snapshot.ts';
import { deleteTemplate } from './operations/delete-template.ts';
import { deleteVm } from './operations/delete-vm.ts';
import { deleteWebhook } from './operations/delete-webhook.ts';
import { setTemplateEnabled } from './operations/enable-template.ts';
import { forkVm } from './operations/fork-vm.ts';
import { pauseVm } from './operations/pause-vm.ts';
import { pruneSystem } from './operations/prune-system.ts';
import { removeImage } from './operations/remove-image.ts';
import { removeWarmTemplate } from './operations/remove-warm-template.ts';
import { replayWebhook } from './operations/replay-webhook.ts';
import type { OperationDeps } from './operations/request-change.ts';
import { restartVm } from './operations/restart-vm.ts';
import { restoreVm } from './operations/restore-vm.ts';
import { resumeVm } from './operations/resume-vm.ts';
import { rollBackVm } from './operations/roll-back-vm.ts';
import { setSecret } from './operations/set-secret.ts';
import { startVm } from './operations/start-vm.ts';
import { stopVm } from './operations/stop-vm.ts';
import { suspendVm } from './operations/suspend-vm.ts';
import { testWebhook } from './operations/test-webhook.ts';
import { updateVm } from './operations/update-vm.ts';
import { updateWebhook } from './operations/update-webhook.ts';
import { createEventQueries } from './queries/events.ts';
import { createHostQueries, probeDriver } from './queries/hosts.ts';
import { getImage, listImages } from './queries/images.ts';
import { createOperationQueries } from './queries/operations.ts';
import { createSecretQueries } from './queries/secrets.ts';
import { createSnapshotQueries } from './queries/snapshots.ts';
import { findSystemUsage } from './queries/system-usage.ts';
import { createTemplateQueries } from './queries/templates.ts';
import { createRevisionQueries } from './queries/vm-revisions.ts';
import { createVmQueries } from './queries/vms.ts';
import { listWarmTemplates } from './queries/warm-templates.ts';
import { createWebhookQueries } from './queries/webhooks.ts';
import { createQuotaApi } from './quotas/quota-api.ts';
import { createDiskSpace } from './reconcile/disk-space.ts';
import { createImageBuilds } from './reconcile/image-builder.ts';
import { createSupervisor } from './reconcile/supervisor.ts';
import { createVmReconciler } from './reconcile/vm-reconciler.ts';
import { createSecretDelivery } from './secrets/delivery.ts';
import { createKeyRotations, type KeyRotations } from './secrets/rotate-key.ts';
import type { SecretApi } from './secrets/secret-api.ts';
import { createActivity } from './sessions/activity.ts';
import { createExecutions } from './sessions/executions.ts';
import { createFiles } from './sessions/files.ts';
import { createGuestLinks } from './sessions/guest-links.ts';
import type { SnapshotApi } from './snapshot-api.ts';
import { createSnapshotKeeper } from './snapshots/snapshot-keeper.ts';
import { createAwaken } from './suspend/awaken.ts';
import { createIdleWatch } from './suspend/idle-watch.ts';
import { createPruner } from './system/pruner.ts';
import { createInstallations } from './templates/installations.ts';
import { type BuiltInTemplates, createBuiltInTemplates } from './templates/sync-built-in.ts';
import type { TemplateApi } from './templates/template-api.ts';
import { createToolApi } from './tools/create-tool-api.ts';
import { createToolBuilds } from './tools/tool-builder.ts';
import { withImageNews } from './warm/image-news.ts';
import { createSparePool, type SparePool } from './warm/spare-pool.ts';
import { createTemplateBuilds } from './warm/template-builds.ts';
import { createTemplateMaker } from './warm/template-maker.ts';
import { createWarmStarts } from './warm/warm-starts.ts';
import type { WebhookApi } from './webhook-api.ts';
import { sealOlderSecrets } from './webhooks/seal-older-secrets.ts';
import { createWorkloadApi } from './workloads/create-workload-api.ts';
import { createWorkloadInterface } from './workloads/create-workload-interface.ts';
import { createWorkloadKeeper } from './workloads/workload-keeper.ts';

/** An engine with its life: `start` before it takes work, `stop` before its parts are closed. */
export interface RunningEngine extends Engine {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Puts the engine together. Nothing runs before `start`. */
export function createEngine(given: EngineDeps, config: EngineConfig): RunningEngine {
  const pool = createSparePool({ ...given, config });
  const deps: EngineDeps = { ...given, images: withImageNews(given.images, pool) };
  const links = createGuestLinks(deps);
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
  const idle = createIdleWatch({ ...changing, activity });
  const expiries = createExpiries(changing);
  const executions = createExecutions({ ...deps, config, links, awaken, secrets });
  const workloads = createWorkloadKeeper({ ...deps, links, secrets, executions });
  const healthWatch = createHealthWatch({ ...deps, links, secrets });
  const reconciler = createVmReconciler({ ...deps, config, links, warm, secrets, workloads, healthWatch });
  const builds = createImageBuilds(deps);
  const toolBuilds = createToolBuilds(deps);
  const templateBuilds = createTemplateBuilds({ ...changing, templates });
  const builtIns = createBuiltInTemplates(deps);
  const installations = createInstallations(deps);
  const snapshots = createSnapshotKeeper({ ...deps, config });
  const diskSpace = createDiskSpace(deps);
  const ages = createAges(deps.clock);
  const identity = createIdentity(deps, config, ages);
  const refusals = createRefusals(deps);
  const pruner = createPruner(deps);
  const parts = {
    ...{ pruner, reconciler, builds, toolBuilds, templateBuilds, installations, snapshots, links, secrets, warm, pool },
    ...{ executions, workloads, healthWatch, diskSpace, ages, idle, expiries, identity, refusals },
  };
  const supervisor = createSupervisor({ ...deps, config, ...parts });
  let notReady: string | null = 'The server is starting.';

  function wake(vmId: VmId): void {
    reconciler.interrupt(vmId);
    deps.queue.enqueue(`vm:${vmId}`);
  }

  function interruptBuild(id: OperationId): void {
    builds.interrupt(id);
    toolBuilds.interrupt(id);
    templateBuilds.interrupt(id);
    installations.interrupt(id);
  }

  return {
    vms: {
      create: async (principal, request, options) => {
        if (request.template !== undefined) await builtIns.whenKnown();
        return await createVm(changing, principal, request, options);
      },
      start: (principal, ref, options) => startVm(changing, principal, ref, options),
      stop: (principal, ref, options) => stopVm(changing, principal, ref, options),
      restart: (principal, ref, options) => restartVm(changing, principal, ref, options),
      pause: (principal, ref, options) => pauseVm(changing, principal, ref, options),
      update: (principal, ref, request, options) => updateVm(changing, principal, ref, request, options),
      rollBack: (principal, ref, options) => rollBackVm(changing, principal, ref, options),
      suspend: (principal, ref, options) => suspendVm(changing, principal, ref, options),
      resume: (principal, ref, options) => resumeVm(changing, principal, ref, options),
      delete: (principal, ref, options) => deleteVm(changing, principal, ref, options),
      ...createVmQueries({ ...deps, awaken, activity }),
      ...createRevisionQueries(deps),
    },
    operations: {
      ...createOperationQueries(deps),
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
    workloads: createWorkloadApi({ ...deps, keeper: workloads, awaken }),
    workloadInterfaces: createWorkloadInterface({ ...deps, links, awaken }),
    files: createFiles({ ...deps, links, awaken, activity }),
    events: createEventQueries({ ...deps, config }),
    images: {
      list: (principal) => listImages(deps, principal),
      get: (principal, name) => getImage(deps, principal, name),
      define: (principal, image, options) => defineImage(changing, principal, image, options),
      build: (principal, name, options) => buildImage(changing, principal, name, options),
      remove: (principal, ref) => removeImage(changing, principal, ref),
    },
    templates: createTemplateApi(changing, builtIns),
    tools: createToolApi(changing),
    warmTemplates: {
      list: (principal, options) => listWarmTemplates(changing, principal, options),
      build: (principal, kind, options) => buildWarmTemplate(changing, principal, kind, options),
      remove: (principal, key, options) => removeWarmTemplate({ ...changing, templates }, principal, key, options),
    },
    webhooks: createWebhookApi(changing),
    secrets: createSecretApi(deps, rotations),
    snapshots: createSnapshotApi({ ...changing, interruptSnapshot: snapshots.interrupt }),
    system: {
      usage: (principal, options) => findSystemUsage(deps, principal, options),
      prune: (principal, request, options) => pruneSystem(changing, principal, request, options),
    },
    users: identity.users,
    roles: identity.roles,
    apiKeys: identity.apiKeys,
    auth: identity.auth,
    authenticate: identity.authenticate,
    watchPrincipal: identity.watchPrincipal,
    hosts: createHostQueries({ ...deps, config }),
    idempotency: createIdempotency({ ...deps, config, ages }),
    quotas: createQuotaApi({ ...deps, config }),
    audit: createAuditApi({ ...deps, refusals }),
    rateLimits: createRateLimits(deps.rateLimiter, config.rateLimits),
    capabilities: async () => ({
      version: config.version,
      driver: deps.driver.kind,
      ...deps.driver.capabilities,
      images: await namesOfImages(deps),
      degraded: [deps.rateLimiter.whyAlone()].filter((why) => why !== null),
    }),
    whyNotReady: () => notReady ?? diskSpace.whyFull(),
    async start() {
      await identity.start();
      await sealOlderSecrets(deps);
      await rotations.resume();
      await supervisor.start();
      const now = deps.clock.now();
      await deps.store.events.append([serverEvent('server.started', config, now)]);
      builtIns.start();
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
      await supervisor.stop();
      await builtIns.whenKnown();
      await identity.stop();
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

function createSnapshotApi(deps: DeleteSnapshotDeps): SnapshotApi {
  return {
    create: (principal, vmRef, request, options) => createSnapshot(deps, principal, vmRef, request, options),
    delete: (principal, ref, unchanged) => deleteSnapshot(deps, principal, ref, unchanged),
    createVm: (principal, ref, request, options) => createVmFromSnapshot(deps, principal, ref, request, options),
    fork: (principal, vmRef, request, options) => forkVm(deps, principal, vmRef, request, options),
    restore: (principal, vmRef, options) => restoreVm(deps, principal, vmRef, options),
    ...createSnapshotQueries(deps),
  };
}

function createTemplateApi(deps: TemplateDeps, { whenKnown }: BuiltInTemplates): TemplateApi {
  const { get, list, versions } = createTemplateQueries(deps);
  const known = async <T>(work: () => Promise<T>): Promise<T> => {
    await whenKnown();
    return await work();
  };
  return {
    create: (principal, request, options) => known(() => createTemplate(deps, principal, request, options)),
    setEnabled: (principal, ref, isEnabled) => known(() => setTemplateEnabled(deps, principal, ref, isEnabled)),
    delete: (principal, ref) => known(() => deleteTemplate(deps, principal, ref)),
    get: (principal, ref) => known(() => get(principal, ref)),
    list: (principal, request) => known(() => list(principal, request)),
    versions: (principal, name) => known(() => versions(principal, name)),
  };
}

function createSecretApi(deps: SecretDeps, rotations: KeyRotations): SecretApi {
  return {
    create: (principal, request) => createSecret(deps, principal, request),
    set: (principal, ref, request) => setSecret(deps, principal, ref, request),
    delete: (principal, ref) => deleteSecret(deps, principal, ref),
    rotateKey: rotations.rotate,
    ...createSecretQueries(deps),
  };
}

function createWebhookApi(deps: WebhookDeps): WebhookApi {
  return {
    create: (principal, request, options) => createWebhook(deps, principal, request, options),
    update: (principal, id, change, options) => updateWebhook(deps, principal, id, change, options),
    delete: (principal, id, unchanged) => deleteWebhook(deps, principal, id, unchanged),
    test: (principal, id, options) => testWebhook(deps, principal, id, options),
    replay: (principal, id, what, options) => replayWebhook(deps, principal, id, what, options),
    ...createWebhookQueries(deps),
  };
}
