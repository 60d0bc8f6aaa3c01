import type {
  AcceptedOperation,
  BatchRequest,
  Capabilities,
  Host,
  HostPage,
  PruneRequest,
  QuotaState,
  SystemHealth,
  SystemUsage,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { type AlertClient, createAlertClient } from './alerts.ts';
import { type ApiKeyClient, createApiKeyClient } from './api-keys.ts';
import { type AuditClient, createAuditClient } from './audit.ts';
import { type AuthClient, createAuthClient } from './auth.ts';
import { createDeploymentClient, type DeploymentClient } from './deployments.ts';
import { createEventClient, type EventClient } from './events.ts';
import { createExecutionClient, type ExecutionClient } from './executions.ts';
import { createFileClient, type FileClient } from './files.ts';
import { createImageClient, type ImageClient } from './images.ts';
import { createIntegrationClient, type IntegrationClient } from './integrations.ts';
import { createLogClient, type LogClient } from './logs.ts';
import { createMetricClient, type MetricClient } from './metrics.ts';
import {
  createNetworkClient,
  createSecurityGroupClient,
  type NetworkClient,
  type SecurityGroupClient,
} from './networks.ts';
import { createOperationClient, type OperationClient } from './operations.ts';
import { createPortClient, type PortClient } from './ports.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import { createRoleClient, type RoleClient } from './roles.ts';
import { createSecretClient, type SecretClient } from './secrets.ts';
import { createSnapshotClient, type SnapshotClient } from './snapshots.ts';
import { createTemplateClient, type TemplateClient } from './templates.ts';
import { createToolClient, type ToolClient } from './tools.ts';
import { createTransport, type Transport, type TransportOptions } from './transport.ts';
import { createUserClient, type UserClient } from './users.ts';
import { createVmClient, type VmClient } from './vms.ts';
import { createVolumeClient, type VolumeClient } from './volumes.ts';
import { createWarmTemplateClient, type WarmTemplateClient } from './warm-templates.ts';
import { createWebhookClient, type WebhookClient } from './webhooks.ts';
import { createWorkloadClient, type WorkloadClient } from './workloads.ts';
import { createWorkspaceClient, type WorkspaceClient } from './workspaces.ts';

export interface HostClient {
  list(options?: Abortable): Promise<HostPage>;
  get(ref: string, options?: Abortable): Promise<Host>;
}

/** One request for many VMs. */
export interface BatchClient {
  /** Resolves as soon as it is accepted: the result of its operation says what came of each. */
  /** A text is YAML. */
  run(request: BatchRequest | string, options?: Repeatable): Promise<AcceptedOperation>;
}

/** What takes room on the host's disk. */
export interface SystemClient {
  usage(options?: Abortable): Promise<SystemUsage>;
  /** How the parts are that work depends on. */
  health(options?: Abortable): Promise<SystemHealth>;
  /** Removes what nothing needs. Resolves as soon as it is accepted: the result of the operation that `operations.finish` gives says what it was. */
  prune(request?: PruneRequest, options?: Repeatable): Promise<AcceptedOperation>;
}

/**
 * A server's `/v1`. Every call throws `VolaryApiError` when the server refuses and `VolaryConnectionError` when it does not
 * answer; an aborted signal rejects with its reason. What changes something is sent again when the connection breaks, for up to half
 * a minute, and takes effect once.
 */
export interface VolaryClient {
  readonly vms: VmClient;
  readonly executions: ExecutionClient;
  readonly workloads: WorkloadClient;
  readonly logs: LogClient;
  readonly metrics: MetricClient;
  readonly alerts: AlertClient;
  readonly files: FileClient;
  readonly ports: PortClient;
  readonly operations: OperationClient;
  readonly events: EventClient;
  readonly images: ImageClient;
  readonly tools: ToolClient;
  readonly hosts: HostClient;
  readonly snapshots: SnapshotClient;
  readonly volumes: VolumeClient;
  readonly batches: BatchClient;
  readonly system: SystemClient;
  readonly templates: TemplateClient;
  readonly warmTemplates: WarmTemplateClient;
  readonly deployments: DeploymentClient;
  readonly workspaces: WorkspaceClient;
  readonly webhooks: WebhookClient;
  readonly integrations: IntegrationClient;
  readonly users: UserClient;
  readonly roles: RoleClient;
  readonly apiKeys: ApiKeyClient;
  readonly secrets: SecretClient;
  readonly networks: NetworkClient;
  readonly securityGroups: SecurityGroupClient;
  readonly auth: AuthClient;
  readonly audit: AuditClient;
  /** What the asker may have, and has. */
  quota(options?: Abortable): Promise<QuotaState>;
  capabilities(options?: Abortable): Promise<Capabilities>;
  /** Resolves when the server takes work; else throws `unavailable` server.not_ready, which says what it waits for. */
  ready(options?: Abortable): Promise<void>;
}

export function createClient(options: TransportOptions): VolaryClient {
  const transport = createTransport(options);
  return {
    vms: createVmClient(transport),
    executions: createExecutionClient(transport),
    workloads: createWorkloadClient(transport),
    logs: createLogClient(transport),
    metrics: createMetricClient(transport),
    alerts: createAlertClient(transport),
    files: createFileClient(transport),
    ports: createPortClient(transport),
    operations: createOperationClient(transport),
    events: createEventClient(transport),
    images: createImageClient(transport),
    tools: createToolClient(transport),
    hosts: createHostClient(transport),
    snapshots: createSnapshotClient(transport),
    volumes: createVolumeClient(transport),
    batches: createBatchClient(transport),
    system: createSystemClient(transport),
    templates: createTemplateClient(transport),
    warmTemplates: createWarmTemplateClient(transport),
    deployments: createDeploymentClient(transport),
    workspaces: createWorkspaceClient(transport),
    webhooks: createWebhookClient(transport),
    integrations: createIntegrationClient(transport),
    users: createUserClient(transport),
    roles: createRoleClient(transport),
    apiKeys: createApiKeyClient(transport),
    secrets: createSecretClient(transport),
    networks: createNetworkClient(transport),
    securityGroups: createSecurityGroupClient(transport),
    auth: createAuthClient(transport),
    audit: createAuditClient(transport),
    quota: ({ signal } = {}) => transport.json({ method: 'GET', path: '/v1/quota', signal }),
    capabilities: ({ signal } = {}) => transport.json({ method: 'GET', path: '/v1/capabilities', signal }),
    ready: async ({ signal } = {}) => {
      await transport.json({ method: 'GET', path: '/readyz', signal });
    },
  };
}

function createBatchClient(transport: Transport): BatchClient {
  return {
    run: (request, options = {}) =>
      postJsonOnce(transport, {
        path: '/v1/batch',
        ...(typeof request === 'string' ? { yaml: request } : { json: request }),
        ...options,
      }),
  };
}

function createSystemClient(transport: Transport): SystemClient {
  return {
    usage: ({ signal } = {}) => transport.json({ method: 'GET', path: '/v1/system/df', signal }),
    health: ({ signal } = {}) => transport.json({ method: 'GET', path: '/v1/system/health', signal }),
    prune: (request = {}, options = {}) =>
      postJsonOnce(transport, { path: '/v1/system/prune', json: request, ...options }),
  };
}

function createHostClient(transport: Transport): HostClient {
  return {
    list: ({ signal } = {}) => transport.json({ method: 'GET', path: '/v1/hosts', signal }),
    get: (ref, { signal } = {}) =>
      transport.json({ method: 'GET', path: `/v1/hosts/${encodeURIComponent(ref)}`, signal }),
  };
}
