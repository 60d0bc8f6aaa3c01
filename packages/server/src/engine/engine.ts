import type { Component } from '../domain/system/component.ts';
import type { RateLimits } from './access/rate-limits.ts';
import type { AlertApi } from './apis/alert-api.ts';
import type { AuditApi } from './apis/audit-api.ts';
import type { AuthApi } from './apis/auth-api.ts';
import type { BatchApi } from './apis/batch-api.ts';
import type { DeploymentApi } from './apis/deployment-api.ts';
import type { EventApi } from './apis/event-api.ts';
import type { ExecutionApi } from './apis/execution-api.ts';
import type { FileApi } from './apis/file-api.ts';
import type { HealthApi } from './apis/health-api.ts';
import type { Capabilities, HostApi } from './apis/host-api.ts';
import type { IdempotencyApi } from './apis/idempotency-api.ts';
import type { ImageApi } from './apis/image-api.ts';
import type { IntegrationApi } from './apis/integration-api.ts';
import type { LogApi } from './apis/log-api.ts';
import type { MetricApi } from './apis/metric-api.ts';
import type { MonitoringApi } from './apis/monitoring-api.ts';
import type { NetworkApi, SecurityGroupApi } from './apis/network-api.ts';
import type { OperationApi } from './apis/operation-api.ts';
import type { PortApi } from './apis/port-api.ts';
import type { QuotaApi } from './apis/quota-api.ts';
import type { SecretApi } from './apis/secret-api.ts';
import type { SnapshotApi } from './apis/snapshot-api.ts';
import type { SystemApi } from './apis/system-api.ts';
import type { TemplateApi } from './apis/template-api.ts';
import type { ToolApi } from './apis/tool-api.ts';
import type { ApiKeyApi, RoleApi, UserApi } from './apis/user-api.ts';
import type { VmApi } from './apis/vm-api.ts';
import type { VolumeApi } from './apis/volume-api.ts';
import type { WarmTemplateApi } from './apis/warm-template-api.ts';
import type { WebhookApi } from './apis/webhook-api.ts';
import type { WorkloadApi } from './apis/workload-api.ts';
import type { WorkloadInterface } from './apis/workload-interface.ts';
import type { WorkspaceApi } from './apis/workspace-api.ts';
import type { Authenticate } from './identity/authenticate.ts';
import type { PrincipalWatch } from './identity/principal-watch.ts';
import type { LookOptions } from './readiness/look.ts';

/**
 * All that the faces can ask for. Every call names who asks and goes through `access/`; every call may throw
 * `permission_denied` access.denied. A VM is referred to by its id or its name; an unknown one is `not_found` vm.unknown.
 */
export interface Engine {
  readonly vms: VmApi;
  readonly operations: OperationApi;
  readonly executions: ExecutionApi;
  readonly health: HealthApi;
  readonly metrics: MetricApi;
  readonly monitoring: MonitoringApi;
  readonly alerts: AlertApi;
  readonly logs: LogApi;
  readonly workloads: WorkloadApi;
  readonly workloadInterfaces: WorkloadInterface;
  readonly files: FileApi;
  readonly ports: PortApi;
  readonly events: EventApi;
  readonly images: ImageApi;
  readonly tools: ToolApi;
  readonly hosts: HostApi;
  readonly webhooks: WebhookApi;
  readonly snapshots: SnapshotApi;
  readonly integrations: IntegrationApi;
  readonly secrets: SecretApi;
  readonly networks: NetworkApi;
  readonly securityGroups: SecurityGroupApi;
  readonly volumes: VolumeApi;
  readonly batches: BatchApi;
  readonly system: SystemApi;
  readonly users: UserApi;
  readonly roles: RoleApi;
  readonly apiKeys: ApiKeyApi;
  readonly templates: TemplateApi;
  readonly warmTemplates: WarmTemplateApi;
  readonly auth: AuthApi;
  readonly idempotency: IdempotencyApi;
  readonly rateLimits: RateLimits;
  readonly authenticate: Authenticate;
  /** Has `lost` called when somebody who was let in is not any more, or may do less; the returned function ends that. */
  readonly watchPrincipal: PrincipalWatch['watch'];
  readonly audit: AuditApi;
  readonly quotas: QuotaApi;
  readonly deployments: DeploymentApi;
  readonly workspaces: WorkspaceApi;
  /** What this server can do, for clients that adapt. */
  capabilities(): Promise<Capabilities>;
  /** How the database and the event bus are, measured now, and what is outside of this server, as it was a minute ago at most: anybody may know. */
  vitals(options?: LookOptions): Promise<readonly Component[]>;
  /** The part that keeps the server from taking work, with why; null: it takes work. */
  whyNotReady(): Promise<Component | null>;
}
