import type { VmPhase } from '../vm/phase.ts';
import type { Vm } from '../vm/vm.ts';
import type { Workspace } from './workspace.ts';

const ANSWERING: ReadonlySet<VmPhase> = new Set(['running', 'updating', 'suspending', 'suspended', 'resuming']);

/** There is somebody inside who answers, or will when it is woken; also in one that failed, so that it can be looked into. */
export function isReachable({ isDeleting }: Pick<Workspace, 'isDeleting'>, { status }: Pick<Vm, 'status'>): boolean {
  return !isDeleting && ANSWERING.has(status.phase);
}
