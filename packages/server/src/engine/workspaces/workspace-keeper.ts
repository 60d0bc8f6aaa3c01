/**
 * Does in each workspace's guest what is to be done before it is used: look at it and its VM, begin the next step, follow it to its end, look again.
 *
 *   a VM changed --+
 *   a request -----+--> (queue, one look at a time) --> look --> begin a step, follow it ... --> look
 *   time is over --+
 *
 * What is begun is stored before its guest is asked, with the id by which that begins it once: a server that was killed anywhere leaves what the
 * next one goes on with. Its time is over when its VM's is: `expiry/` sees to that, and it goes with its VM.
 */
import { EXECUTION_TRANSITIONS, type Execution } from '../../domain/execution/execution.ts';
import { type ExecutionId, parseId, type VmId, type WorkspaceId } from '../../domain/ids.ts';
import { presentStep } from '../../domain/workspace/setup.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { EngineDeps } from '../deps.ts';
import { isConflict } from '../is-conflict.ts';
import { everyPendingWorkspace } from '../queries/every-pending-workspace.ts';
import { attachOrBegin } from '../sessions/attach-or-begin.ts';
import type { Executions } from '../sessions/executions.ts';
import { createProviderSilence } from './provider-silence.ts';
import { type Turn, type TurnDeps, takeTurn } from './setup-turn.ts';

export interface WorkspaceKeeper {
  /** Does what is to be done for it now; what takes its time goes on by itself. */
  run(id: WorkspaceId): Promise<void>;
  /** To be told of each that is made. */
  begun(workspace: Pick<Workspace, 'id' | 'vmId'>): void;
  /** Has all looked at that are not ready. */
  look(): Promise<void>;
  /** Goes on with the steps that a former server was following. To be called before anybody else goes on with executions. */
  resumeAll(): Promise<void>;
  /** Has a workspace looked at when its VM has changed, until the returned function is called. */
  follow(): () => void;
  /** Begins no more; resolves when nothing is written any more. Executions are to be let go of meanwhile. */
  stop(): Promise<void>;
}

type KeeperDeps = TurnDeps & Pick<EngineDeps, 'queue'> & { readonly executions: Pick<Executions, 'followOwn'> };

export function createWorkspaceKeeper(deps: KeeperDeps): WorkspaceKeeper {
  const { store, queue, bus } = deps;
  /** Those that are not ready, by their VMs: whatever else happens to VMs costs nothing here. */
  const pending = new Map<VmId, WorkspaceId>();
  const steps = createStepFollower(deps);
  const silence = createProviderSilence(deps);

  function forget(id: WorkspaceId): void {
    for (const [vmId, each] of pending) if (each === id) pending.delete(vmId);
    silence.forget(id);
  }

  return {
    async run(id) {
      let turn: Turn = LOOK_AGAIN;
      while (turn.next === 'again' && !steps.isStopping()) turn = await takeTurn(deps, id).catch(lookAgain);
      if (turn.next === 'follow') steps.follow(id, turn.execution);
      if (turn.next === 'waiting') await silence.look(turn.workspace, turn.vm).catch(lookAgain);
      if (turn.next === 'over') forget(id);
    },
    begun({ id, vmId }) {
      pending.set(vmId, id);
      queue.enqueue(`workspace:${id}`);
    },
    async look() {
      for await (const { id, vmId, isDeleting } of everyPendingWorkspace(store)) {
        if (isDeleting) continue;
        pending.set(vmId, id);
        queue.enqueue(`workspace:${id}`);
      }
    },
    async resumeAll() {
      for await (const { id, setup } of everyPendingWorkspace(store)) {
        const executionId = presentStep(setup)?.step.executionId ?? null;
        const execution = executionId === null ? null : await store.executions.get(executionId);
        if (execution === null || EXECUTION_TRANSITIONS[execution.state].length === 0) continue;
        const { stdout, stderr } = await store.executions.outputLengths(execution.id);
        steps.follow(id, { ...execution, stdoutBytes: stdout, stderrBytes: stderr });
      }
    },
    follow: () =>
      bus.subscribe('vm', (key) => {
        const vmId = parseId('vm', key);
        const id = vmId === null ? undefined : pending.get(vmId);
        if (id !== undefined) queue.enqueue(`workspace:${id}`);
      }),
    stop: steps.stop,
  };
}

const LOOK_AGAIN: Turn = { next: 'again' };

/** Somebody wants something else of it meanwhile. */
function lookAgain(error: unknown): Turn {
  if (isConflict(error)) return LOOK_AGAIN;
  throw error;
}

interface StepFollower {
  /** Returns at once; one that is followed already is followed once. When it is over, its workspace is looked at. */
  follow(id: WorkspaceId, execution: Execution): void;
  isStopping(): boolean;
  stop(): Promise<void>;
}

function createStepFollower(deps: KeeperDeps): StepFollower {
  const following = new Map<ExecutionId, Promise<void>>();
  let isStopping = false;

  /** To the end of it, whatever that is: whoever looks then sees. Where it could not be written, the next look by the timer goes on. */
  async function untilOver(id: WorkspaceId, execution: Execution): Promise<void> {
    try {
      await deps.executions.followOwn(execution, attachOrBegin(deps)).finished;
      following.delete(execution.id);
      if (!isStopping) deps.queue.enqueue(`workspace:${id}`);
    } catch (error) {
      following.delete(execution.id);
      if (!isStopping) deps.log.warn('a step of a workspace is no longer followed', { workspaceId: id, error });
    }
  }

  return {
    follow(id, execution) {
      if (!isStopping && !following.has(execution.id)) following.set(execution.id, untilOver(id, execution));
    },
    isStopping: () => isStopping,
    async stop() {
      isStopping = true;
      await Promise.all(following.values());
    },
  };
}
