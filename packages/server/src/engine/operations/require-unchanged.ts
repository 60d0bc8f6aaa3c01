import type { Deployment } from '../../domain/deployment/deployment.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { Network } from '../../domain/network/network.ts';
import type { SecurityGroup } from '../../domain/network/security-group.ts';
import type { Snapshot } from '../../domain/snapshot/snapshot.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { Volume } from '../../domain/volume/volume.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { Seen, Unchanged } from '../requests.ts';

/** To be asked in the transaction of the change. Throws `conflict` webhook.changed. */
export function requireUnchangedWebhook({ id, updatedAt }: Webhook, asked: Unchanged): void {
  if (isStill({ id, version: updatedAt }, asked)) return;
  throw new VolaryError('conflict', 'The webhook has changed since you looked at it.', { reason: 'webhook.changed' });
}

/** To be asked in the transaction of the change. Throws `conflict` snapshot.changed. */
export function requireUnchangedSnapshot({ id, revision }: Snapshot, asked: Unchanged): void {
  if (isStill({ id, version: revision }, asked)) return;
  throw new VolaryError('conflict', 'The snapshot has changed since you looked at it.', {
    reason: 'snapshot.changed',
    details: { revision },
  });
}

/** To be asked in the transaction of the change. Throws `conflict` volume.changed. */
export function requireUnchangedVolume({ id, revision }: Volume, asked: Unchanged): void {
  if (isStill({ id, version: revision }, asked)) return;
  throw new VolaryError('conflict', 'The volume has changed since you looked at it.', {
    reason: 'volume.changed',
    details: { revision },
  });
}

/** To be asked in the transaction of the change. Its generation counts: what is seen of its replicas changes all the time. Throws `conflict` deployment.changed. */
export function requireUnchangedDeployment({ id, generation }: Deployment, asked: Unchanged): void {
  if (isStill({ id, version: generation }, asked)) return;
  throw new VolaryError('conflict', 'The deployment has changed since you looked at it.', {
    reason: 'deployment.changed',
    details: { generation },
  });
}

/** To be asked in the transaction of the change. What becomes of its VM is nothing that a change is based on. Throws `conflict` workspace.changed. */
export function requireUnchangedWorkspace({ id, generation }: Workspace, asked: Unchanged): void {
  if (isStill({ id, version: generation }, asked)) return;
  throw new VolaryError('conflict', 'The workspace has changed since you looked at it.', {
    reason: 'workspace.changed',
    details: { generation },
  });
}

/** To be asked in the transaction of the change. Throws `conflict` network.changed. */
export function requireUnchangedNetwork({ id, updatedAt }: Network, asked: Unchanged): void {
  if (isStill({ id, version: updatedAt }, asked)) return;
  throw new VolaryError('conflict', 'The network has changed since you looked at it.', { reason: 'network.changed' });
}

/** To be asked in the transaction of the change. Throws `conflict` security_group.changed. */
export function requireUnchangedGroup({ id, updatedAt }: SecurityGroup, asked: Unchanged): void {
  if (isStill({ id, version: updatedAt }, asked)) return;
  throw new VolaryError('conflict', 'The security group has changed since you looked at it.', {
    reason: 'security_group.changed',
  });
}

/** When something was changed, which no two changes of it have in common: it stands for the state that it is in. */
export function changedAt({ updatedAt }: { readonly updatedAt: EpochMs }, now: EpochMs): EpochMs {
  return Math.max(now, updatedAt + 1);
}

function isStill({ id, version }: Seen, { ifStill }: Unchanged): boolean {
  return ifStill === undefined || ifStill.some((seen) => seen.id === id && seen.version === version);
}
