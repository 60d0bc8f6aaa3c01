import type { VmStatus } from '../vm/vm.ts';
import type { Workspace } from './workspace.ts';

/**
 * creating  its VM has not run yet, or what is done in it before it is used is not over
 * running   it can be used; one that is suspended or paused counts as that, since it wakes by use
 * stopped   its VM is off
 * failed    its VM failed, or a step of its setup did; the message says how
 * deleting  it goes, with its VM
 */
export const WORKSPACE_STATUSES = ['creating', 'running', 'stopped', 'failed', 'deleting'] as const;
export type WorkspaceStatus = (typeof WORKSPACE_STATUSES)[number];

/** How it is, by itself and by its VM; `message` says why where it failed. */
export interface SeenStatus {
  readonly status: WorkspaceStatus;
  readonly message: string | null;
}

const UNREACHABLE = 'The host of its VM does not answer.';

/** How a workspace is whose VM is so. */
export function statusOf({ isDeleting, setup }: Pick<Workspace, 'isDeleting' | 'setup'>, vm: VmStatus): SeenStatus {
  if (isDeleting || vm.phase === 'deleting') return { status: 'deleting', message: null };
  if (vm.phase === 'failed') return { status: 'failed', message: vm.failure.message };
  if (vm.phase === 'unknown') return { status: 'failed', message: UNREACHABLE };
  if (setup.message !== null) return { status: 'failed', message: setup.message };
  return { status: byPhase(vm.phase, setup.state === 'done'), message: null };
}

function byPhase(
  phase: Exclude<VmStatus['phase'], 'deleting' | 'failed' | 'unknown'>,
  isReady: boolean,
): WorkspaceStatus {
  switch (phase) {
    case 'pending':
    case 'provisioning':
      return 'creating';
    case 'stopping':
    case 'stopped':
      return 'stopped';
    case 'starting':
    case 'running':
    case 'pausing':
    case 'paused':
    case 'suspending':
    case 'suspended':
    case 'resuming':
    case 'restarting':
    case 'updating':
    case 'migrating':
      return isReady ? 'running' : 'creating';
    default:
      return phase satisfies never;
  }
}
