import { createRateLimits } from './access/rate-limits.ts';
import { createAuditApi } from './apis/audit-api.ts';
import { createHealthApi } from './apis/health-api.ts';
import { createMetricApi } from './apis/metric-api.ts';
import { createQuotaApi } from './apis/quota-api.ts';
import type { GivenPorts } from './create-deps.ts';
import { createLife } from './create-life.ts';
import { createParts } from './create-parts.ts';
import { createDeploymentApi } from './deployments/create-deployment-api.ts';
import type { EngineConfig } from './deps.ts';
import type { Engine } from './engine.ts';
import { createImageApi } from './images/create-image-api.ts';
import { createIntegrationApi } from './integrations/create-integration-api.ts';
import { createLogQueries } from './logs/log-queries.ts';
import { createMonitoringApi } from './monitoring/create-monitoring-api.ts';
import { createNetworkApi, createSecurityGroupApi } from './networks/create-network-api.ts';
import { createOperationApi } from './operations/create-operation-api.ts';
import { runBatch } from './operations/run-batch.ts';
import { createPortApi } from './ports/create-port-api.ts';
import { createAlertQueries } from './queries/alerts.ts';
import { findCapabilities } from './queries/capabilities.ts';
import { createEventQueries } from './queries/events.ts';
import { createHostQueries } from './queries/hosts.ts';
import { createSecretApi } from './secrets/create-secret-api.ts';
import { createFiles } from './sessions/files.ts';
import { createSnapshotApi } from './snapshots/create-snapshot-api.ts';
import { createSystemApi } from './system/create-system-api.ts';
import { createTemplateApi } from './templates/create-template-api.ts';
import { createToolApi } from './tools/create-tool-api.ts';
import { createVmApi } from './vms/create-vm-api.ts';
import { createVolumeApi } from './volumes/create-volume-api.ts';
import { createWarmTemplateApi } from './warm/create-warm-template-api.ts';
import { createWebhookApi } from './webhooks/create-webhook-api.ts';
import { createWorkloadApi } from './workloads/create-workload-api.ts';
import { createWorkloadInterface } from './workloads/create-workload-interface.ts';
import { createWorkspaceApi } from './workspaces/create-workspace-api.ts';

/** An engine with its life: `start` before it takes work, `stop` before its parts are closed. */
export interface RunningEngine extends Engine {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Puts the engine together. Nothing runs before `start`. */
export function createEngine(given: GivenPorts, config: EngineConfig): RunningEngine {
  const parts = createParts(given, config);
  const { deps, builds, batches, builtIns, identity, registry, receiver, idempotency, rotations } = parts;
  const { readiness, start, stop } = createLife(parts);
  const vms = createVmApi(deps, parts);
  const interruptSnapshot = parts.snapshots.interrupt;
  const interruptVolume = parts.volumes.interrupt;

  return {
    start,
    stop,
    vms,
    operations: createOperationApi({ ...deps, interruptSnapshot, interruptible: { ...builds, batch: batches } }),
    executions: parts.executions,
    health: createHealthApi({ ...deps, watch: parts.healthWatch }),
    metrics: createMetricApi({ ...deps, vms }),
    alerts: createAlertQueries(deps),
    monitoring: createMonitoringApi({ ...deps, sampler: parts.sampler }),
    logs: createLogQueries(deps),
    workloads: createWorkloadApi({ ...deps, keeper: parts.workloads, awaken: parts.awaken }),
    workloadInterfaces: createWorkloadInterface({ ...deps, ...parts }),
    files: createFiles({ ...deps, ...parts }),
    ports: createPortApi({ ...deps, ...parts }),
    events: createEventQueries(deps),
    images: createImageApi(deps, builtIns),
    templates: createTemplateApi(deps, builtIns),
    tools: createToolApi(deps),
    warmTemplates: createWarmTemplateApi(deps, parts.templateMaker),
    webhooks: createWebhookApi(deps),
    integrations: createIntegrationApi({ ...deps, registry, receiver, looks: parts.integrationLooks }),
    secrets: createSecretApi(deps, rotations),
    networks: createNetworkApi(deps),
    securityGroups: createSecurityGroupApi(deps),
    snapshots: createSnapshotApi({ ...deps, interruptSnapshot }),
    volumes: createVolumeApi({ ...deps, interruptVolume }),
    batches: { run: (principal, request, options) => runBatch(deps, principal, request, options) },
    system: createSystemApi(deps, builtIns, readiness),
    users: identity.users,
    roles: identity.roles,
    apiKeys: identity.apiKeys,
    auth: identity.auth,
    authenticate: identity.authenticate,
    watchPrincipal: identity.watchPrincipal,
    hosts: createHostQueries(deps),
    idempotency,
    quotas: createQuotaApi(deps),
    deployments: createDeploymentApi(deps, builtIns),
    workspaces: createWorkspaceApi({ ...deps, begun: parts.workspaces.begun }, builtIns),
    audit: createAuditApi({ ...deps, refusals: parts.refusals }),
    rateLimits: createRateLimits(deps, config.rateLimits),
    capabilities: () => findCapabilities({ ...deps, networkKeeper: parts.networkKeeper }),
    vitals: (options) => readiness.vitals(options),
    whyNotReady: () => readiness.firstFailed(),
  };
}
