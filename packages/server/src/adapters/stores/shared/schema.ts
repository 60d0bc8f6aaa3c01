import type { AlertRow } from './rows/alert-row.ts';
import type { AuditCounterRow, AuditRow } from './rows/audit-row.ts';
import type { DeploymentRevisionRow, DeploymentRow } from './rows/deployment-row.ts';
import type { EventCounterRow, EventRow } from './rows/event-row.ts';
import type { ExecutionOutputRow, ExecutionRow } from './rows/execution-row.ts';
import type { IdempotencyKeyRow } from './rows/idempotency-key-row.ts';
import type { ImageRequestRow, ImageRow, ImageUseRow } from './rows/image-row.ts';
import type { OperationRow } from './rows/operation-row.ts';
import type { ReceivedDeliveryRow } from './rows/received-delivery-row.ts';
import type { SecretRow } from './rows/secret-row.ts';
import type { SessionRow, SigningKeyRow } from './rows/session-row.ts';
import type { SettingRow } from './rows/setting-row.ts';
import type { SnapshotRow } from './rows/snapshot-row.ts';
import type { ApiKeyRow, RoleRow, UserRow } from './rows/user-row.ts';
import type { VmRow } from './rows/vm-row.ts';
import type { WebhookDeliveryRow, WebhookRow } from './rows/webhook-row.ts';

/**
 * The tables, as Kysely types their queries. The same for every database: moments are milliseconds since 1970, truth
 * values 0 and 1, structures JSON text, ids text that sorts by time. The migrations make these tables; the codecs beside
 * translate rows.
 */

import type { BatchOrderRow } from './rows/batch-order-row.ts';
import type { NamedLabelRow } from './rows/named-label-row.ts';
import type { LeaseRow, NetworkRow, SecurityGroupRow } from './rows/network-rows.ts';
import type { TemplateRow } from './rows/template-row.ts';
import type { VmRevisionRow } from './rows/vm-revision-row.ts';
import type { VolumeAttachmentRow, VolumeRow } from './rows/volume-row.ts';
import type { WorkspaceRow } from './rows/workspace-row.ts';

export interface Schema {
  readonly alerts: AlertRow;
  readonly vms: VmRow;
  readonly vm_revisions: VmRevisionRow;
  readonly operations: OperationRow;
  readonly executions: ExecutionRow;
  readonly execution_output: ExecutionOutputRow;
  readonly events: EventRow;
  readonly event_counter: EventCounterRow;
  readonly settings: SettingRow;
  readonly idempotency_keys: IdempotencyKeyRow;
  readonly webhooks: WebhookRow;
  readonly webhook_deliveries: WebhookDeliveryRow;
  readonly snapshots: SnapshotRow;
  readonly users: UserRow;
  readonly roles: RoleRow;
  readonly api_keys: ApiKeyRow;
  readonly sessions: SessionRow;
  readonly signing_keys: SigningKeyRow;
  readonly secrets: SecretRow;
  readonly networks: NetworkRow;
  readonly leases: LeaseRow;
  readonly security_groups: SecurityGroupRow;
  readonly templates: TemplateRow;
  readonly audit: AuditRow;
  readonly audit_counter: AuditCounterRow;
  readonly images: ImageRow;
  readonly image_requests: ImageRequestRow;
  readonly image_uses: ImageUseRow;
  readonly deployments: DeploymentRow;
  readonly deployment_revisions: DeploymentRevisionRow;
  readonly volumes: VolumeRow;
  readonly volume_attachments: VolumeAttachmentRow;
  readonly workspaces: WorkspaceRow;
  readonly batch_orders: BatchOrderRow;
  readonly named_labels: NamedLabelRow;
  readonly received_deliveries: ReceivedDeliveryRow;
}
