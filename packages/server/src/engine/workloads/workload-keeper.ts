/**
 * Sees to it that the workload of each running VM is there and followed. Its guest keeps it running; this server asks for it once in
 * each life of the VM, keeps its output, and writes down how it is.
 *
 * Asking is safe at any time, for a guest begins one workload only: after a start, a restore, a fork, a restart of the server the same question
 * is put, and answered by the workload that is there.
 */
import { EXECUTION_TRANSITIONS, type Execution } from '../../domain/execution/execution.ts';
import type { VmId } from '../../domain/ids.ts';
import { SYSTEM } from '../../domain/principal/principal.ts';
import { presentSpec } from '../../domain/vm/settings.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { GuestProcess } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';
import { executionEvent } from '../sessions/execution-events.ts';
import type { Executions } from '../sessions/executions.ts';
import type { LiveExecution } from '../sessions/live-execution.ts';
import { type AskDeps, askForWorkload } from './ask-for-workload.ts';
import { createStatusWriter, type StatusWriter } from './status-writer.ts';
import { isOver, startingStatus, statusOfEnd } from './workload-status.ts';

export interface WorkloadKeeper {
  /** To be called whenever a VM is seen to run; returns at once. */
  ensure(vm: Vm): void;
  /** Goes on with those that a former server was following. */
  resumeAll(): Promise<void>;
  /** The workload that is followed now; null: none is. */
  find(vmId: VmId): FollowedWorkload | null;
  /** Has one that is over begun anew. */
  beginAnew(vm: Vm): Promise<void>;
}

export interface FollowedWorkload {
  readonly live: LiveExecution;
  /** Waits while it is being attached to. */
  control(what: 'end' | 'run-again', options: { readonly graceMs: number }): Promise<void>;
}

export type KeeperDeps = AskDeps &
  Pick<EngineDeps, 'ids' | 'bus' | 'clock'> & { readonly executions: Pick<Executions, 'followOwn'> };

export function createWorkloadKeeper(deps: KeeperDeps): WorkloadKeeper {
  const followed = new Map<VmId, FollowedWorkload>();
  const beginning = new Set<VmId>();
  const status = createStatusWriter(deps);

  function follow(execution: Execution): FollowedWorkload {
    const workload = followWorkload(deps, status, execution);
    followed.set(execution.vmId, workload);
    workload.live.finished
      .then(
        (ended) => status.note(execution, (vm, before) => statusOfEnd(vm, before, ended)),
        // The server stops: the next one goes on.
        () => undefined,
      )
      .catch((error: unknown) => deps.log.error('how a workload ended could not be written', { error }))
      .finally(() => {
        if (followed.get(execution.vmId) === workload) followed.delete(execution.vmId);
      });
    return workload;
  }

  async function begin(vm: Vm): Promise<void> {
    const execution = await findOrCreate(deps, vm);
    if (execution !== null && followed.get(vm.id)?.live.execution.id !== execution.id) follow(execution);
  }

  return {
    ensure(vm) {
      const { workload } = presentSpec(vm);
      if (workload === null || workload.argv === null || beginning.has(vm.id)) return;
      if (followed.get(vm.id)?.live.execution.incarnation === vm.incarnation) return;
      if (vm.workloadStatus !== null && isOver(vm.workloadStatus, vm.incarnation)) return;
      beginning.add(vm.id);
      void begin(vm)
        .catch((error: unknown) => deps.log.error('a workload could not be asked for', { vmId: vm.id, error }))
        .finally(() => beginning.delete(vm.id));
    },
    async resumeAll() {
      for (const execution of await deps.store.executions.listActive()) if (execution.isWorkload) follow(execution);
    },
    find: (vmId) => followed.get(vmId) ?? null,
    async beginAnew(vm) {
      await status.clear(vm);
      await begin(vm);
    },
  };
}

function followWorkload(deps: KeeperDeps, status: StatusWriter, execution: Execution): FollowedWorkload {
  let attached = Promise.withResolvers<Parameters<typeof listen>[2]>();
  const live = deps.executions.followOwn(execution, async (known, signal) => {
    const found = await askForWorkload(deps, known, signal);
    if (typeof found !== 'object' || found instanceof Error) return found;
    listen(status, execution, found);
    attached.resolve(found);
    void found.exit.catch(() => {
      attached = Promise.withResolvers();
    });
    return found satisfies GuestProcess;
  });
  return {
    live,
    async control(what, options) {
      const process = await Promise.race([attached.promise, live.finished.then(() => null)]);
      await process?.control(what, options);
    },
  };
}

function listen(
  status: StatusWriter,
  execution: Execution,
  process: Exclude<Awaited<ReturnType<typeof askForWorkload>>, string | Error>,
): void {
  process.listen((runs) => void status.noteRuns(execution, runs));
}

/** The execution of the workload in this life of the VM: one that is recorded already, or a new one. Null: it is no longer wanted. */
async function findOrCreate(deps: KeeperDeps, { id, incarnation }: Vm): Promise<Execution | null> {
  const now = deps.clock.now();
  const execution = await deps.store.transaction(async (tables) => {
    const vm = await tables.vms.get(id);
    if (vm === null || vm.incarnation !== incarnation || presentSpec(vm).workload === null) return null;
    const { workloadStatus } = vm;
    if (workloadStatus?.incarnation === incarnation && workloadStatus.executionId !== null) {
      if (isOver(workloadStatus, incarnation)) return null;
      const known = await tables.executions.get(workloadStatus.executionId);
      if (known !== null && EXECUTION_TRANSITIONS[known.state].length > 0) return known;
    }
    const made = newExecution(deps, vm, now);
    await tables.executions.insert(made);
    await tables.vms.update({
      ...vm,
      workloadStatus: startingStatus(made),
      revision: vm.revision + 1,
      updatedAt: now,
    });
    await tables.events.append([executionEvent('execution.started', made, now)]);
    return made;
  });
  if (execution === null) return null;
  deps.bus.publish('events', '');
  deps.bus.publish('vm', id);
  return execution;
}

/** What it is given of variables is told to its guest alone. */
function newExecution({ ids }: Pick<EngineDeps, 'ids'>, vm: Vm, now: number): Execution {
  const { workload } = presentSpec(vm);
  return {
    id: ids.create('exec'),
    vmId: vm.id,
    incarnation: vm.incarnation,
    request: {
      argv: workload?.argv ?? [],
      env: {},
      cwd: workload?.workingDirectory ?? '',
      user: workload?.user ?? '',
      tty: null,
      hasStdin: false,
      timeoutMs: 0,
    },
    state: 'starting',
    exitCode: null,
    signal: null,
    timedOut: false,
    error: null,
    stdoutBytes: 0,
    stderrBytes: 0,
    isTruncated: false,
    isWorkload: true,
    principal: SYSTEM.name,
    owner: vm.owner,
    createdAt: now,
    startedAt: null,
    completedAt: null,
  };
}
