/** One look at a workspace whose setup is not over, and the one thing that is to be done then. */
import { EXECUTION_TRANSITIONS, type Execution } from '../../domain/execution/execution.ts';
import type { WorkspaceId } from '../../domain/ids.ts';
import { SYSTEM } from '../../domain/principal/principal.ts';
import { awaitsCloudInit } from '../../domain/vm/cloud-init-status.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { MOST_CLONES, presentStep } from '../../domain/workspace/setup.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { EngineDeps } from '../deps.ts';
import { newExecution } from '../sessions/executions.ts';
import { describeFailure, type StepDeps, stepRequest } from './run-step.ts';
import { writeFailed, writeReady, writeStepAgain, writeStepBegun, writeStepDone } from './workspace-writer.ts';

export type TurnDeps = StepDeps & Pick<EngineDeps, 'bus' | 'ids'>;

/** `over`: nothing will be to do. `again`: something was written, so that there may be more to do. */
export type Turn =
  | { readonly next: 'over' | 'again' }
  /** For its VM. */
  | { readonly next: 'waiting'; readonly workspace: Workspace; readonly vm: Vm }
  /** For this execution, which is to be followed. */
  | { readonly next: 'follow'; readonly execution: Execution };

type PresentStep = NonNullable<ReturnType<typeof presentStep>>;

/** Throws `conflict` store.revision when somebody else has done something with it meanwhile. */
export async function takeTurn(deps: TurnDeps, id: WorkspaceId): Promise<Turn> {
  const workspace = await deps.store.workspaces.get(id);
  if (workspace === null || workspace.isDeleting || workspace.setup.state !== 'pending') return { next: 'over' };
  const vm = await deps.store.vms.get(workspace.vmId);
  if (vm === null) return { next: 'over' };
  const present = presentStep(workspace.setup);
  if (present?.step.state === 'running') return await settle(deps, workspace, vm, present);
  if (vm.status.phase !== 'running' || awaitsCloudInit(vm)) return { next: 'waiting', workspace, vm };
  if (present !== null) return await begin(deps, workspace, vm, present);
  await writeReady(deps, workspace);
  return { next: 'over' };
}

async function begin(deps: TurnDeps, workspace: Workspace, vm: Vm, { index, step }: PresentStep): Promise<Turn> {
  const execution = newExecution(deps, vm, SYSTEM, stepRequest(workspace, step));
  await writeStepBegun(deps, workspace, index, execution);
  return { next: 'follow', execution };
}

/** Writes what came of the step that was begun last, if it is over. */
async function settle(deps: TurnDeps, workspace: Workspace, vm: Vm, { index, step }: PresentStep): Promise<Turn> {
  const ended = step.executionId === null ? null : await deps.store.executions.get(step.executionId);
  if (ended !== null && EXECUTION_TRANSITIONS[ended.state].length > 0) return { next: 'follow', execution: ended };
  const isCutOff = ended === null || ended.state === 'lost';
  if (isCutOff && step.kind === 'clone' && step.tries < MOST_CLONES) await writeStepAgain(deps, workspace, index);
  else if (ended?.state === 'exited' && ended.exitCode === 0) await writeStepDone(deps, workspace, index);
  else await writeFailed(deps, workspace, index, await describeFailure(deps, { step, vm, ended }));
  return { next: 'again' };
}
