import { initial } from './0001-initial.ts';
import { restartPolicy } from './0002-restart-policy.ts';
import { idempotencyKeys } from './0003-idempotency-keys.ts';
import { completedOperations } from './0004-completed-operations.ts';
import { webhooks } from './0005-webhooks.ts';
import { snapshots } from './0006-snapshots.ts';
import { suspend } from './0007-suspend.ts';
import { warmStarts } from './0008-warm-starts.ts';
import { owners } from './0009-owners.ts';
import { users } from './0010-users.ts';
import { sessions } from './0011-sessions.ts';
import { audit } from './0012-audit.ts';
import { secrets } from './0013-secrets.ts';
import { images } from './0014-images.ts';
import { templates } from './0015-templates.ts';
import { vmRevisions } from './0016-vm-revisions.ts';
import { workloads } from './0017-workloads.ts';
import { cloudInit } from './0018-cloud-init.ts';
import { deployments } from './0019-deployments.ts';
import { networks } from './0020-networks.ts';
import { templateUses } from './0021-template-uses.ts';
import { workspaces } from './0022-workspaces.ts';
import { volumes } from './0023-volumes.ts';
import { labels } from './0024-labels.ts';
import { alerts } from './0025-alerts.ts';
import { batchOrders } from './0026-batch-orders.ts';
import { traces } from './0027-traces.ts';
import { moreLabels } from './0028-more-labels.ts';
import { receivedDeliveries } from './0029-received-deliveries.ts';
import { webhookTargets } from './0030-webhook-targets.ts';
import type { Migration } from './migration.ts';

/** Every step of the schema, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  initial,
  restartPolicy,
  idempotencyKeys,
  completedOperations,
  webhooks,
  snapshots,
  suspend,
  warmStarts,
  owners,
  users,
  sessions,
  audit,
  secrets,
  images,
  templates,
  vmRevisions,
  workloads,
  cloudInit,
  deployments,
  networks,
  templateUses,
  workspaces,
  volumes,
  labels,
  alerts,
  batchOrders,
  traces,
  moreLabels,
  receivedDeliveries,
  webhookTargets,
];
