import type { JsonObject } from './json.ts';
import type { EpochMs } from './time.ts';

/** Every event there is; a new one is added here and in docs/api. */
export const EVENT_TYPES = [
  'vm.created',
  'vm.updated',
  'vm.provisioning',
  'vm.starting',
  'vm.started',
  'vm.pausing',
  'vm.paused',
  'vm.suspending',
  'vm.suspended',
  'vm.resuming',
  'vm.resumed',
  'vm.stopping',
  'vm.stopped',
  'vm.restarting',
  'vm.expiring',
  'vm.expired',
  'vm.deleting',
  'vm.deleted',
  'vm.failed',
  'vm.health_changed',
  'workload.started',
  'workload.exited',
  'vm.orphan_reaped',
  'vm.warm_start_failed',
  'vm.tools_failed',
  'vm.cloud_init_completed',
  'operation.created',
  'operation.started',
  'operation.succeeded',
  'operation.failed',
  'operation.cancelled',
  'execution.started',
  'execution.completed',
  'image.defined',
  'image.built',
  'image.removed',
  'tool.built',
  'tool.removed',
  'snapshot.created',
  'snapshot.ready',
  'snapshot.failed',
  'snapshot.deleted',
  'webhook.created',
  'webhook.updated',
  'webhook.deleted',
  'webhook.disabled',
  'webhook.events_lost',
  'webhook.test',
  'template.installed',
  'template.enabled',
  'template.disabled',
  'template.deleted',
  'secret.created',
  'secret.updated',
  'secret.deleted',
  'secrets.key_rotated',
  'deployment.created',
  'deployment.updated',
  'deployment.scaled',
  'deployment.rollout_started',
  'deployment.rollout_completed',
  'deployment.rollout_stopped',
  'deployment.replica_failed',
  'deployment.phase_changed',
  'deployment.deleting',
  'deployment.deleted',
  'workspace.created',
  'workspace.updated',
  'workspace.extended',
  'workspace.step_started',
  'workspace.step_completed',
  'workspace.ready',
  'workspace.failed',
  'workspace.deleting',
  'workspace.deleted',
  'network.created',
  'network.updated',
  'network.deleted',
  'security_group.created',
  'security_group.updated',
  'security_group.deleted',
  'volume.created',
  'volume.ready',
  'volume.failed',
  'volume.updated',
  'volume.deleted',
  'alert.fired',
  'alert.resolved',
  'integration.event',
  'server.started',
  'server.stopping',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** An event before the log gave it its number. */
export interface NewEvent {
  readonly type: EventType;
  readonly at: EpochMs;
  /** Id of what it is about: a VM's, an operation's, an execution's, a snapshot's, a webhook's, or an image's name. */
  readonly subject: string;
  readonly vmId: string | null;
  /** Name of the user whose resource it is about; null: of the installation's. */
  readonly owner: string | null;
  readonly operationId: string | null;
  readonly data: JsonObject;
}

/** One entry of the ordered log. `sequence` starts at 1, grows by one, and is never used again. */
export interface Event extends NewEvent {
  readonly sequence: number;
}
