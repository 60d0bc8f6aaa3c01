/**
 * The phases of a VM. A transient phase is always owned by an operation and has a deadline; a settled one stays until
 * somebody asks for something or the machine changes by itself.
 *
 *   pending --> provisioning --> starting --> running <--> pausing/resuming <--> paused
 *                                   ^            |
 *                                   |            +--> stopping --> stopped --> (starting)
 *                                   +-- restarting <-- running
 *   running, paused --> suspending --> suspended --> resuming --> running
 *   any --> deleting --> (gone)       any --> failed --> (starting, deleting)       any --> unknown --> any
 *
 * pending       accepted; no work has begun
 * provisioning  the image is made ready and the disk is created
 * starting      the machine is started; its guest has not answered yet
 * running       the guest agent has answered in this incarnation
 * pausing       the virtual CPUs are being halted
 * paused        the virtual CPUs are halted; memory is kept
 * suspending    memory is being written to disk
 * suspended     memory is on disk, none is used; the machine is gone
 * resuming      a paused or suspended machine is set going
 * stopping      the guest was asked to shut down, or the machine is being ended
 * stopped       there is no machine; the disk is kept
 * restarting    a stop and a start, asked for as one
 * updating      a changed spec is being applied
 * migrating     the machine is on its way to another host
 * deleting      everything that belongs to it is being removed; afterwards it is gone
 * failed        an operation gave up, or the machine died; `failure` says why
 * unknown       its host does not answer
 */
export const TRANSIENT_PHASES = [
  'pending',
  'provisioning',
  'starting',
  'pausing',
  'suspending',
  'resuming',
  'stopping',
  'restarting',
  'updating',
  'migrating',
  'deleting',
] as const;
export const SETTLED_PHASES = ['running', 'paused', 'suspended', 'stopped', 'failed', 'unknown'] as const;

export type TransientPhase = (typeof TRANSIENT_PHASES)[number];
export type SettledPhase = (typeof SETTLED_PHASES)[number];
export type VmPhase = TransientPhase | SettledPhase;

/** All phases, for schemas and exhaustive tables. */
export const VM_PHASES = [...TRANSIENT_PHASES, ...SETTLED_PHASES] as const;

/** Where each phase may lead. `deleting` alone leads out of existence. */
export const PHASE_TRANSITIONS = {
  pending: ['provisioning', 'starting', 'stopping', 'stopped', 'restarting', 'deleting', 'failed', 'unknown'],
  provisioning: ['starting', 'stopping', 'stopped', 'restarting', 'deleting', 'failed', 'unknown'],
  starting: [
    'provisioning',
    'running',
    'pausing',
    'suspending',
    'resuming',
    'stopping',
    'stopped',
    'restarting',
    'deleting',
    'failed',
    'unknown',
  ],
  running: [
    'starting',
    'pausing',
    'paused',
    'suspending',
    'resuming',
    'stopping',
    'stopped',
    'restarting',
    'updating',
    'migrating',
    'deleting',
    'failed',
    'unknown',
  ],
  pausing: [
    'paused',
    'resuming',
    'running',
    'suspending',
    'stopping',
    'stopped',
    'restarting',
    'deleting',
    'failed',
    'unknown',
  ],
  paused: [
    'resuming',
    'running',
    'suspending',
    'stopping',
    'stopped',
    'restarting',
    'updating',
    'deleting',
    'failed',
    'unknown',
  ],
  suspending: [
    'suspended',
    'resuming',
    'running',
    'pausing',
    'paused',
    'stopping',
    'stopped',
    'restarting',
    'deleting',
    'failed',
    'unknown',
  ],
  suspended: [
    'resuming',
    'starting',
    'suspending',
    'stopping',
    'stopped',
    'restarting',
    'updating',
    'deleting',
    'failed',
    'unknown',
  ],
  resuming: [
    'starting',
    'running',
    'pausing',
    'paused',
    'suspending',
    'suspended',
    'stopping',
    'stopped',
    'restarting',
    'deleting',
    'failed',
    'unknown',
  ],
  stopping: [
    'stopped',
    'running',
    'paused',
    'suspended',
    'provisioning',
    'starting',
    'restarting',
    'deleting',
    'failed',
    'unknown',
  ],
  stopped: ['provisioning', 'starting', 'running', 'restarting', 'updating', 'deleting', 'failed', 'unknown'],
  restarting: [
    'provisioning',
    'starting',
    'running',
    'pausing',
    'paused',
    'suspended',
    'stopping',
    'stopped',
    'deleting',
    'failed',
    'unknown',
  ],
  updating: [
    'running',
    'pausing',
    'paused',
    'suspending',
    'suspended',
    'stopped',
    'restarting',
    'stopping',
    'deleting',
    'failed',
    'unknown',
  ],
  migrating: ['running', 'paused', 'stopping', 'stopped', 'deleting', 'failed', 'unknown'],
  deleting: ['failed', 'unknown'],
  failed: ['provisioning', 'starting', 'running', 'stopping', 'stopped', 'restarting', 'deleting', 'unknown'],
  unknown: [
    'provisioning',
    'starting',
    'running',
    'pausing',
    'paused',
    'suspending',
    'suspended',
    'resuming',
    'stopping',
    'stopped',
    'restarting',
    'deleting',
    'failed',
  ],
} as const satisfies Record<VmPhase, readonly VmPhase[]>;

/** True when a VM may go straight from one phase to the other (staying is not a move). */
export function canMove(from: VmPhase, to: VmPhase): boolean {
  const allowed: readonly VmPhase[] = PHASE_TRANSITIONS[from];
  return allowed.includes(to);
}

export function isTransient(phase: VmPhase): phase is TransientPhase {
  const transient: readonly VmPhase[] = TRANSIENT_PHASES;
  return transient.includes(phase);
}
