/**
 * Asks what runs in VMs, as their health checks say: one question at a time for each VM, with a time between two that varies, so that
 * many VMs are not asked at once. Nobody is asked who does not run, and being asked counts as no use of a VM.
 */
import type { VmId } from '../../domain/ids.ts';
import type { EpochMs } from '../../domain/time.ts';
import { awaitsCloudInit, cloudInitStatusOf } from '../../domain/vm/cloud-init-status.ts';
import { presentSpec } from '../../domain/vm/settings.ts';
import { isSameJson } from '../../domain/vm/spec-diff.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { HealthCheck } from '../../domain/workload/health-check.ts';
import { afterCheck, type HealthState, resumedFrom, UNTRIED } from '../../domain/workload/health-state.ts';
import { healthCheckWords } from '../../domain/workload/words.ts';
import type { EngineDeps } from '../deps.ts';
import { isConflict } from '../is-conflict.ts';
import { writeHealth } from '../reconcile/vm-writer.ts';
import { type ProbeDeps, type ProbeResult, probe } from './probe.ts';

export type HealthWatchDeps = ProbeDeps & Pick<EngineDeps, 'store' | 'bus' | 'log'>;

/** What the last check of a VM came to. */
export interface LastCheck {
  readonly at: EpochMs;
  readonly isGood: boolean;
  readonly message: string;
  /** In a row, with this one. */
  readonly successes: number;
  readonly failures: number;
}

export interface HealthWatch {
  /** To be called whenever a VM is seen to run; returns at once. */
  ensure(vm: Vm): void;
  /** Of this server; null: there has been none. */
  lastCheck(vmId: VmId): LastCheck | null;
  /** Asks nobody any more; resolves when nobody is asked. */
  stop(): Promise<void>;
}

/** Until it is healthy a VM is asked at least this often: somebody waits for it. Milliseconds. */
const STARTING_INTERVAL_MS = 1_000;
/** By how much the time between two checks varies, of itself. */
const JITTER = 0.1;

/** What a check of a VM has come to in one life. */
interface Known {
  readonly incarnation: number;
  readonly healthCheck: HealthCheck;
  readonly state: HealthState;
}

/** Where a watch begins. */
interface Beginning {
  readonly vm: Vm;
  readonly healthCheck: HealthCheck;
  readonly state: HealthState;
  /** Nothing was decided by a check before: what the VM is said to be is what its agent has shown. */
  readonly isFirst: boolean;
}

interface Watched {
  readonly incarnation: number;
  readonly healthCheck: HealthCheck;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

export function createHealthWatch(deps: HealthWatchDeps): HealthWatch {
  const watched = new Map<VmId, Watched>();
  const checks = new Map<VmId, LastCheck>();
  /** Also of those that are paused: they go on where they were. */
  const known = new Map<VmId, Known>();
  const beganAt = deps.clock.now();
  let isStopping = false;

  function beginningOf(vm: Vm, healthCheck: HealthCheck): Beginning {
    const before = known.get(vm.id);
    if (before?.incarnation === vm.incarnation) {
      const isSame = isSameCheck(before.healthCheck, healthCheck);
      // What another check came to says nothing of this one.
      return { vm, healthCheck, state: isSame ? before.state : UNTRIED, isFirst: false };
    }
    // What it came to under an earlier server still holds; what has been written since is another life, or a check that is new.
    const isOfEarlierServer = vm.updatedAt < beganAt;
    return {
      vm,
      healthCheck,
      state: isOfEarlierServer ? resumedFrom(vm.health) : UNTRIED,
      isFirst: !isOfEarlierServer,
    };
  }

  function begin(beginning: Beginning): void {
    const { vm, healthCheck, state: first } = beginning;
    const abort = new AbortController();
    const keep = (state: HealthState): void =>
      void known.set(vm.id, { incarnation: vm.incarnation, healthCheck, state });
    const note = (check: LastCheck, state: HealthState): void => {
      checks.set(vm.id, check);
      keep(state);
    };
    keep(first);
    const done = watch(deps, beginning, { note, gone: () => void known.delete(vm.id) }, abort.signal)
      .catch((error: unknown) => {
        if (!abort.signal.aborted) deps.log.error('the health of a VM is no longer asked for', { vmId: vm.id, error });
      })
      .finally(() => {
        if (watched.get(vm.id)?.abort !== abort) return;
        watched.delete(vm.id);
        checks.delete(vm.id);
      });
    watched.set(vm.id, { incarnation: vm.incarnation, healthCheck, abort, done });
  }

  return {
    ensure(vm) {
      const { healthCheck } = presentSpec(vm);
      const before = watched.get(vm.id);
      if (isStopping || (before?.incarnation === vm.incarnation && isSameCheck(before.healthCheck, healthCheck)))
        return;
      before?.abort.abort(new DOMException('the VM is in another life, or asked otherwise', 'AbortError'));
      if (healthCheck === null) known.delete(vm.id);
      else begin(beginningOf(vm, healthCheck));
    },
    lastCheck: (vmId) => checks.get(vmId) ?? null,
    async stop() {
      isStopping = true;
      const all = [...watched.values()];
      for (const { abort } of all) abort.abort(new DOMException('the server is stopping', 'AbortError'));
      await Promise.all(all.map(({ done }) => done));
    },
  };
}

function isSameCheck(one: HealthCheck, other: HealthCheck | null): boolean {
  return one === other || isSameJson(healthCheckWords(one), healthCheckWords(other));
}

interface Told {
  readonly note: (check: LastCheck, state: HealthState) => void;
  /** There is no such VM any more. */
  readonly gone: () => void;
}

/** Asks until the VM does not run any more, or is asked otherwise. */
async function watch(
  deps: HealthWatchDeps,
  beginning: Beginning,
  { note, gone }: Told,
  signal: AbortSignal,
): Promise<void> {
  const { healthCheck, isFirst } = beginning;
  const { id, incarnation } = beginning.vm;
  let { state } = beginning;
  for (;;) {
    const vm = await deps.store.vms.get(id);
    if (vm === null) gone();
    if (vm === null || vm.incarnation !== incarnation || vm.status.phase !== 'running') return;
    if (!isSameCheck(healthCheck, presentSpec(vm).healthCheck)) return;
    // What it asks for begins when cloud-init is over.
    const result = awaitsCloudInit(vm) ? null : await probe(deps, vm, healthCheck, signal);
    if (result !== null) {
      state = afterCheck(healthCheck, state, { isGood: result.isGood, sinceStartMs: ageOf(deps, vm) });
      note({ ...state, ...result, at: deps.clock.now() }, state);
      await write(deps, { id, state, isFirst }, result, signal);
    }
    await deps.clock.sleep(pause(deps, healthCheck, state), { signal });
  }
}

/** Nobody else may have changed the VM meanwhile; then what is so now is written. */
async function write(
  deps: HealthWatchDeps,
  { id, state: { status }, isFirst }: { readonly id: VmId; readonly state: HealthState; readonly isFirst: boolean },
  { message }: ProbeResult,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const vm = await deps.store.vms.get(id);
    if (vm === null || vm.status.phase !== 'running' || vm.health === status) return;
    // This check has not decided yet: until it does, what one has decided before stays.
    if (status === 'starting' && !isFirst && (vm.health === 'healthy' || vm.health === 'unhealthy')) return;
    try {
      await writeHealth(deps, { vm, operation: null }, status, message);
      deps.log.info('health changed', { vmId: id, from: vm.health, to: status });
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

/** What runs in it begins when cloud-init is over. */
function ageOf({ clock }: HealthWatchDeps, vm: Vm): number {
  if (vm.startedAt === null) return 0;
  return clock.now() - Math.max(vm.startedAt, cloudInitStatusOf(vm)?.completedAt ?? 0);
}

function pause({ ids }: HealthWatchDeps, { intervalMs }: HealthCheck, { status }: HealthState): number {
  const usual = status === 'starting' ? Math.min(intervalMs, STARTING_INTERVAL_MS) : intervalMs;
  return Math.round(usual * (1 - JITTER + 2 * JITTER * ids.random()));
}
