/**
 * The one writer of how far a workspace's setup is. Each function is one transaction: the row, the execution that it begins, and the events that tell
 * of it, or nothing. The row is compared-and-set on its revision, which is the claim to the work: `conflict` store.revision means that somebody
 * else has it, or wants something else, and it is looked at anew.
 */
import type { NewEvent } from '../../domain/events.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import { type Setup, withStep } from '../../domain/workspace/setup.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { EngineDeps } from '../deps.ts';
import { executionEvent } from '../sessions/execution-events.ts';
import { workspaceEvent } from './workspace-events.ts';

type WriterDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock'>;

async function write(
  deps: WriterDeps,
  before: Workspace,
  setup: Setup,
  also: { readonly events: readonly NewEvent[]; readonly begun?: Execution },
): Promise<void> {
  const after: Workspace = { ...before, setup, revision: before.revision + 1, updatedAt: deps.clock.now() };
  await deps.store.transaction(async (tables) => {
    await tables.workspaces.update(after);
    if (also.begun !== undefined) await tables.executions.insert(also.begun);
    if (also.events.length > 0) await tables.events.append(also.events);
  });
  if (also.events.length > 0) deps.bus.publish('events', '');
  // Whoever waits for the workspace waits for news of its VM.
  deps.bus.publish('vm', before.vmId);
}

/** A step begins, by this execution: whoever writes that is the one who begins it. */
export async function writeStepBegun(
  deps: WriterDeps,
  workspace: Workspace,
  index: number,
  execution: Execution,
): Promise<void> {
  const at = execution.createdAt;
  const { kind, tries = 0 } = workspace.setup.steps[index] ?? {};
  const begun = { state: 'running', executionId: execution.id, tries: tries + 1, startedAt: at } as const;
  await write(deps, workspace, withStep({ ...workspace.setup, message: null }, index, begun), {
    begun: execution,
    events: [
      executionEvent('execution.started', execution, at),
      workspaceEvent('workspace.step_started', workspace, at, {
        step: index,
        kind: kind ?? null,
        execution_id: execution.id,
      }),
    ],
  });
}

/** A step is over, and did what it was to do. */
export async function writeStepDone(deps: WriterDeps, workspace: Workspace, index: number): Promise<void> {
  const at = deps.clock.now();
  const setup = withStep(workspace.setup, index, { state: 'done', completedAt: at });
  const data = { step: index, execution_id: setup.steps[index]?.executionId ?? null };
  await write(deps, workspace, setup, { events: [workspaceEvent('workspace.step_completed', workspace, at, data)] });
}

/** A step is to be begun anew: nobody saw its end, and a second time does no harm. */
export async function writeStepAgain(deps: WriterDeps, workspace: Workspace, index: number): Promise<void> {
  await write(deps, workspace, withStep(workspace.setup, index, { state: 'waiting', executionId: null }), {
    events: [],
  });
}

/** A step failed, and no other is begun. */
export async function writeFailed(
  deps: WriterDeps,
  workspace: Workspace,
  index: number,
  message: string,
): Promise<void> {
  const at = deps.clock.now();
  const setup: Setup = {
    ...withStep(workspace.setup, index, { state: 'failed', completedAt: at }),
    ...{ state: 'failed', message },
  };
  const data = { step: index, execution_id: setup.steps[index]?.executionId ?? null, message };
  await write(deps, workspace, setup, { events: [workspaceEvent('workspace.failed', workspace, at, data)] });
}

/** Nothing is left to be done: it can be used. */
export async function writeReady(deps: WriterDeps, workspace: Workspace): Promise<void> {
  const at = deps.clock.now();
  const setup: Setup = { ...workspace.setup, state: 'done', message: null };
  await write(deps, workspace, setup, { events: [workspaceEvent('workspace.ready', workspace, at)] });
}

/** Whoever is to run its VM does not answer, or (null) does again. */
export async function writeTrouble(deps: WriterDeps, workspace: Workspace, message: string | null): Promise<void> {
  const failed = workspaceEvent('workspace.failed', workspace, deps.clock.now(), { message });
  await write(deps, workspace, { ...workspace.setup, message }, { events: message === null ? [] : [failed] });
}
