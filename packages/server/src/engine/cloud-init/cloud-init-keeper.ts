/**
 * Sees to it that each running VM does what cloud-init is told, once in each of its lives, and writes down how far that is. It is an execution
 * in its guest, which goes on while no server is there; asking for it again does nothing twice.
 */
import { toVolaryError, VolaryError } from '../../domain/errors.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import type { VmId } from '../../domain/ids.ts';
import { SYSTEM } from '../../domain/principal/principal.ts';
import { awaitsCloudInit, type CloudInitStatus } from '../../domain/vm/cloud-init-status.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { GuestLink } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';
import { isWholeSystem } from '../images/known-images.ts';
import { vmEvent } from '../operations/events.ts';
import { executionEvent } from '../sessions/execution-events.ts';
import { type Executions, newExecution } from '../sessions/executions.ts';
import type { GuestLinks } from '../sessions/guest-links.ts';
import { type ReattachDeps, reattach } from '../sessions/reattach.ts';
import { withTimeout } from '../with-timeout.ts';
import { AWAIT_CLOUD_INIT, runStages, writeSeed } from './begin-cloud-init.ts';
import type { CloudInitProgram } from './cloud-init-program.ts';
import { type Outcome, readOutcome } from './read-outcome.ts';

export interface CloudInitKeeper {
  /** To be called whenever a VM is seen to run; returns at once. */
  ensure(vm: Vm): void;
  /** Asks for no more; resolves when nobody is asked. */
  stop(): Promise<void>;
}

type KeeperDeps = ReattachDeps &
  Pick<EngineDeps, 'bus' | 'clock' | 'ids' | 'queue'> & {
    readonly links: GuestLinks;
    readonly executions: Pick<Executions, 'followOwn' | 'whenOver'>;
    readonly cloudInitProgram: () => Promise<CloudInitProgram>;
  };

/** How long a guest that runs may take to take a few small files, or to tell what has come of it; it keeps others waiting while it mounts its tools. */
const ANSWER_MS = 60_000;

export function createCloudInitKeeper(deps: KeeperDeps): CloudInitKeeper {
  const underWay = new Map<VmId, Promise<void>>();
  const stopping = new AbortController();

  return {
    ensure(vm) {
      if (!awaitsCloudInit(vm) || underWay.has(vm.id) || stopping.signal.aborted) return;
      const done = carryThrough(deps, vm, stopping.signal)
        .catch((error: unknown) => {
          // It is asked for again with the next look at the VM.
          if (!stopping.signal.aborted) deps.log.debug('cloud-init cannot be asked for now', { vmId: vm.id, error });
        })
        .finally(() => underWay.delete(vm.id));
      underWay.set(vm.id, done);
    },
    async stop() {
      stopping.abort(new VolaryError('unavailable', 'The server is stopping.', { reason: 'server.stopping' }));
      await Promise.all(underWay.values());
    },
  };
}

/** From wherever it is to its end. */
async function carryThrough(deps: KeeperDeps, { id, incarnation }: Vm, signal: AbortSignal): Promise<void> {
  const vm = await deps.store.vms.get(id);
  if (vm === null || vm.incarnation !== incarnation || !awaitsCloudInit(vm)) return;
  const known = vm.cloudInitStatus?.incarnation === incarnation ? vm.cloudInitStatus.executionId : null;
  const execution = known === null ? null : await deps.store.executions.get(known);
  const ended = execution === null ? await begin(deps, vm, signal) : await deps.executions.whenOver(execution.id);
  if (ended === null) return;
  if (ended.state === 'lost') {
    // Its machine is over, or nobody knows it there: the next look, or the next life, begins it anew.
    await writeStatus(deps, vm, { state: 'pending', executionId: null });
    return;
  }
  await finish(deps, vm, await outcomeOf(deps, vm, ended, signal));
}

async function outcomeOf(deps: KeeperDeps, { id }: Vm, ended: Execution, signal: AbortSignal): Promise<Outcome> {
  return await withTimeout(deps.clock, ANSWER_MS, signal, async (limited) =>
    readOutcome(await deps.links.open(id, { signal: limited }), ended, limited),
  );
}

/** Resolves with the execution when that is over; null: it is no longer wanted, or could not be begun, which is written then. */
async function begin(deps: KeeperDeps, vm: Vm, signal: AbortSignal): Promise<Execution | null> {
  const isWhole = await isWholeSystem(deps, vm.spec.image);
  const request = isWhole ? AWAIT_CLOUD_INIT : runStages(vm);
  try {
    await withTimeout(deps.clock, ANSWER_MS, signal, async (limited) => {
      const link = await deps.links.open(vm.id, { signal: limited });
      if (!isWhole) await writeSeed(link, vm, await deps.cloudInitProgram(), limited);
    });
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = toVolaryError(error);
    // Its disk is full, say: that is how it stays.
    if (code !== 'resource_exhausted' && code !== 'invalid_argument' && code !== 'failed_precondition') throw error;
    await finish(deps, vm, { state: 'error', errors: [`It could not be handed over: ${message}`] });
    return null;
  }
  const execution = newExecution(deps, vm, SYSTEM, request);
  const isBegun = await writeStatus(deps, vm, { state: 'running', executionId: execution.id }, execution);
  if (!isBegun) return null;
  const { finished } = deps.executions.followOwn(execution, (known, limited) => beginOrAttach(deps, known, limited));
  return await finished;
}

/** A guest begins a command of one id once: until it is known to have begun, it is told to. */
async function beginOrAttach(deps: KeeperDeps, execution: Execution, signal: AbortSignal) {
  const found = await reattach(deps, execution, signal);
  if (found !== 'unknown-to-guest' || execution.startedAt !== null) return found;
  try {
    const link: GuestLink = await deps.links.open(execution.vmId, { signal });
    return await link.exec(execution.id, execution.request, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof VolaryError && error.reason === 'execution.not_started') return error;
    return 'later' as const;
  }
}

async function finish(deps: KeeperDeps, vm: Vm, { state, errors }: Outcome): Promise<void> {
  await writeStatus(deps, vm, { state, errors, completedAt: deps.clock.now() });
  deps.log.info('cloud-init is over', { vmId: vm.id, state });
  // What runs in the VM waits for it.
  deps.queue.enqueue(`vm:${vm.id}`);
}

/** False: the VM is another by now, and nothing was written. */
async function writeStatus(
  { store, bus, clock }: KeeperDeps,
  { id, incarnation }: Vm,
  change: Partial<CloudInitStatus>,
  begun: Execution | null = null,
): Promise<boolean> {
  const now = clock.now();
  const isWritten = await store.transaction(async (tables) => {
    const vm = await tables.vms.get(id);
    if (vm === null || vm.incarnation !== incarnation || !awaitsCloudInit(vm)) return false;
    const before = vm.cloudInitStatus?.incarnation === incarnation ? vm.cloudInitStatus : null;
    const first = { state: 'pending', incarnation, executionId: null, errors: [], completedAt: null } as const;
    const cloudInitStatus: CloudInitStatus = { ...first, ...before, ...change };
    const next: Vm = { ...vm, cloudInitStatus, revision: vm.revision + 1, updatedAt: now };
    if (begun !== null) {
      await tables.executions.insert(begun);
      await tables.events.append([executionEvent('execution.started', begun, now)]);
    }
    await tables.vms.update(next);
    if (cloudInitStatus.completedAt !== null) await tables.events.append([completedEvent(next, cloudInitStatus, now)]);
    return true;
  });
  if (!isWritten) return false;
  bus.publish('events', '');
  bus.publish('vm', id);
  return true;
}

function completedEvent(vm: Vm, { state, executionId, errors }: CloudInitStatus, at: number) {
  return vmEvent('vm.cloud_init_completed', vm, null, at, { state, execution_id: executionId, errors });
}
