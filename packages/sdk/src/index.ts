export type { Abortable } from './abortable.ts';
export type { AlertClient, AlertQuery } from './alerts.ts';
export type { ApiKeyClient, ApiKeyQuery } from './api-keys.ts';
export type { AuditClient, AuditQuery } from './audit.ts';
export { type AuthClient, logIn, refreshLogin, type SessionQuery } from './auth.ts';
export {
  type BatchClient,
  createClient,
  type HostClient,
  type SystemClient,
  type VolaryClient,
} from './client.ts';
export type { Credentials } from './credentials.ts';
export type { DeploymentChangeOptions, DeploymentClient, DeploymentQuery } from './deployments.ts';
export { errorOfForkItem, errorOfOperation, VolaryApiError, VolaryConnectionError } from './errors.ts';
export type { EventClient, EventQuery } from './events.ts';
export type { OutputChunk } from './exec-stream.ts';
export type { CommandRequest, ExecSession, ExecutionClient, FinishedCommand } from './executions.ts';
export type { FileClient, FileContent, WriteOptions } from './files.ts';
export type { ImageClient } from './images.ts';
export type { IntegrationClient } from './integrations.ts';
export { isFresh, type LoginCredentialsOptions, type LoginTokens, loginCredentials, tokensOf } from './login-tokens.ts';
export type { LogClient, LogFollowQuery, LogPageQuery, LogSelection } from './logs.ts';
export type { MetricClient, VmMetricsQuery } from './metrics.ts';
export type { NetworkChangeOptions, NetworkClient, SecurityGroupClient } from './networks.ts';
export { isFinal, type OperationClient, type OperationQuery } from './operations.ts';
export type { PortConnection } from './port-connection.ts';
export type { PortClient } from './ports.ts';
export type { Repeatable } from './post-once.ts';
export type { RoleClient } from './roles.ts';
export type { SecretClient } from './secrets.ts';
export type { SnapshotChangeOptions, SnapshotClient, SnapshotQuery } from './snapshots.ts';
export type { StdinWriter } from './stdin.ts';
export type { TemplateClient } from './templates.ts';
export type { ToolClient } from './tools.ts';
export type { TransportOptions } from './transport.ts';
export type { UserChangeOptions, UserClient, UserQuery } from './users.ts';
export type { ChangeOptions, ConsoleChunk, DeleteOptions, UpdateOptions, VmClient, VmQuery } from './vms.ts';
export type { VolumeChangeOptions, VolumeClient, VolumeQuery } from './volumes.ts';
export type { WarmTemplateClient } from './warm-templates.ts';
export type { DeliveryQuery, WebhookChangeOptions, WebhookClient } from './webhooks.ts';
export type { WorkloadClient } from './workloads.ts';
export type { WorkspaceChangeOptions, WorkspaceClient, WorkspaceQuery } from './workspaces.ts';
