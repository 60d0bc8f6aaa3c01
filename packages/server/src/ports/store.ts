import type { AlertTable } from './tables/alert-table.ts';
import type { AuditTable } from './tables/audit-table.ts';
import type { BatchOrderTable } from './tables/batch-order-table.ts';
import type { DeploymentTable } from './tables/deployment-table.ts';
import type { EventTable } from './tables/event-table.ts';
import type { ExecutionTable } from './tables/execution-table.ts';
import type { IdempotencyKeyTable } from './tables/idempotency-key-table.ts';
import type { ImageTable } from './tables/image-table.ts';
import type { NamedLabelTable } from './tables/named-label-table.ts';
import type { LeaseTable, NetworkTable, SecurityGroupTable } from './tables/network-tables.ts';
import type { OperationTable } from './tables/operation-table.ts';
import type { ReceivedDeliveryTable } from './tables/received-delivery-table.ts';
import type { SecretTable } from './tables/secret-table.ts';
import type { SessionTable, SigningKeyTable } from './tables/session-table.ts';
import type { SettingTable } from './tables/setting-table.ts';
import type { SnapshotTable } from './tables/snapshot-table.ts';
import type { TemplateTable } from './tables/template-table.ts';
import type { ApiKeyTable, RoleTable, UserTable } from './tables/user-table.ts';
import type { VmRevisionTable } from './tables/vm-revision-table.ts';
import type { VmTable } from './tables/vm-table.ts';
import type { VolumeTable } from './tables/volume-table.ts';
import type { DeliveryTable, WebhookTable } from './tables/webhook-table.ts';
import type { WorkspaceTable } from './tables/workspace-table.ts';

export interface Tables {
  readonly vms: VmTable;
  readonly vmRevisions: VmRevisionTable;
  readonly operations: OperationTable;
  readonly executions: ExecutionTable;
  readonly events: EventTable;
  readonly settings: SettingTable;
  readonly idempotencyKeys: IdempotencyKeyTable;
  readonly webhooks: WebhookTable;
  readonly deliveries: DeliveryTable;
  readonly snapshots: SnapshotTable;
  readonly users: UserTable;
  readonly roles: RoleTable;
  readonly apiKeys: ApiKeyTable;
  readonly sessions: SessionTable;
  readonly signingKeys: SigningKeyTable;
  readonly secrets: SecretTable;
  readonly templates: TemplateTable;
  readonly audit: AuditTable;
  readonly images: ImageTable;
  readonly deployments: DeploymentTable;
  readonly workspaces: WorkspaceTable;
  readonly networks: NetworkTable;
  readonly leases: LeaseTable;
  readonly securityGroups: SecurityGroupTable;
  readonly volumes: VolumeTable;
  readonly alerts: AlertTable;
  readonly batchOrders: BatchOrderTable;
  readonly namedLabels: NamedLabelTable;
  readonly receivedDeliveries: ReceivedDeliveryTable;
}

/**
 * What must not be lost. Methods outside a transaction are one by themselves. Throws `unavailable` store.busy when the
 * database is locked for too long, `resource_exhausted` store.full when its disk is full, `data_loss` store.damaged.
 */
export interface Store extends Tables, AsyncDisposable {
  /** All of `work`'s writes or none, and nobody sees half of them. `work` uses only the tables it is given. */
  transaction<T>(work: (tables: Tables) => Promise<T>): Promise<T>;
}
