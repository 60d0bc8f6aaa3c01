/**
 * The reconciler: observe, plan, do one step, write down what came of it, and plan again until nothing is left.
 *
 *   look -> plan -> begin (row, operation, event) -> do -> done (row) -> look ...
 *
 * One VM is worked on by one loop at a time (the queue sees to that). A newer request interrupts the step under way by its
 * signal; the next look then finds what is wanted now. Nothing is remembered between two looks that is not in the store or on the host.
 */
import { toVolaryError, VolaryError } from '../../domain/errors.ts';
import type { VmId } from '../../domain/ids.ts';
import type { Image } from '../../domain/image/image.ts';
import type { SnapshotState } from '../../domain/snapshot/snapshot.ts';
import { awaitsCloudInit } from '../../domain/vm/cloud-init-status.ts';
import { isOriginPending, type Vm } from '../../domain/vm/vm.ts';
import type { VmObservation } from '../../ports/driver.ts';
import type { Pack } from '../../ports/machine-packs.ts';
import type { SpanStart } from '../../ports/tracer.ts';
import { BACK_OFF, backOffMs } from '../back-off.ts';
import type { CloudInitKeeper } from '../cloud-init/cloud-init-keeper.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import type { HealthWatch } from '../health/health-watch.ts';
import { findContents } from '../images/disk-contents.ts';
import { createInterruptions } from '../interruptions.ts';
import { isConflict } from '../is-conflict.ts';
import type { LogIntake } from '../logs/log-intake.ts';
import type { NetworkKeeper } from '../networks/network-keeper.ts';
import { type AfterFailure, decideAfterFailure } from '../plans/after-failure.ts';
import { type Plan, planVm, VM_STEPS, type VmStep } from '../plans/plan-vm.ts';
import { LONGEST_BACKOFF_MS } from '../plans/restart-policy.ts';
import type { SecretDelivery } from '../secrets/delivery.ts';
import type { GuestLinks } from '../sessions/guest-links.ts';
import { createRestoreWatch, type RestoreWatch } from '../steps/restore-watch.ts';
import { STEPS } from '../steps/steps.ts';
import { findPacks, lacksTools } from '../tools/vm-tools.ts';
import { asPartOf, traced } from '../tracing/traced.ts';
import type { WarmStarts } from '../warm/warm-starts.ts';
import { withTimeout } from '../with-timeout.ts';
import type { WorkloadKeeper } from '../workloads/workload-keeper.ts';
import { createDeadlines, type Deadlines } from './deadlines.ts';
import { beginRestart, noteFailure, noteLifeEnded } from './life-end.ts';
import { operationDeadline } from './operation-deadline.ts';
import { attemptsOf } from './operation-steps.ts';
import { createProgressWriter } from './progress-writer.ts';
import { createRepeats } from './repeats.ts';
import { noteReadable, noteUnreadable } from './suspension-problem.ts';
import * as writer from './vm-writer.ts';

export type ReconcilerDeps = Pick<
  EngineDeps,
  | 'store'
  | 'drivers'
  | 'driver'
  | 'images'
  | 'tools'
  | 'bus'
  | 'clock'
  | 'turns'
  | 'ids'
  | 'queue'
  | 'log'
  | 'measures'
  | 'tracer'
> & {
  readonly config: EngineConfig;
  readonly links: GuestLinks;
  readonly warm: WarmStarts;
  readonly secrets: SecretDelivery;
  readonly cloudInit: Pick<CloudInitKeeper, 'ensure'>;
  readonly workloads: Pick<WorkloadKeeper, 'ensure'>;
  readonly healthWatch: Pick<HealthWatch, 'ensure'>;
  readonly networkKeeper: Pick<NetworkKeeper, 'join'>;
  readonly logIntake: Pick<LogIntake, 'drain' | 'tellLost'>;
};

export interface VmReconciler {
  /** Works on the VM until what is wanted is so, or nothing more can be done now. */
  reconcile(vmId: VmId, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Ends the step under way on this VM, since something else is wanted now. */
  interrupt(vmId: VmId): void;
}

/** What one pass of the loop came to. */
type Turn =
  /** `done`: the step that was carried out, well or not; null when something was only written down. */
  | { readonly next: 'look-again'; readonly done: VmStep | null }
  | { readonly next: 'rest' }
  | { readonly next: 'retry'; readonly delayMs: number };

const LOOK_AGAIN: Turn = { next: 'look-again', done: null };
const REST: Turn = { next: 'rest' };

/** What the loop holds besides: how much time is left of what is under way, and what is measured of it. `driver` is that of its VM. */
type LoopDeps = ReconcilerDeps & { readonly deadlines: Deadlines; readonly restores: RestoreWatch };
type HostLoopDeps = Omit<LoopDeps, 'driver'>;

export function createVmReconciler(given: Omit<ReconcilerDeps, 'driver'>): VmReconciler {
  const deps = { ...given, deadlines: createDeadlines(given.clock) };
  const interruptions = createInterruptions<VmId>();
  const repeats = createRepeats();

  async function reconcile(vmId: VmId, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const own: HostLoopDeps = { ...deps, restores: createRestoreWatch(deps) };
    while (!signal.aborted) {
      await deps.turns.share();
      const taken = await interruptions.during(vmId, signal, (step) => takeTurn(own, vmId, step));
      const turn = slowed(deps, taken, repeats.count(vmId, 'done' in taken ? taken.done : null));
      if (turn.next === 'rest') {
        deps.deadlines.forget(vmId);
        repeats.forget(vmId);
        return;
      }
      if (turn.next === 'retry') {
        deps.queue.enqueue(`vm:${vmId}`, { delayMs: turn.delayMs });
        return;
      }
    }
  }

  return {
    async reconcile(vmId, options) {
      const startedMs = deps.clock.monotonicMs();
      await reconcile(vmId, options);
      deps.measures.reconciles.observe({}, (deps.clock.monotonicMs() - startedMs) / 1_000);
    },
    interrupt: (vmId) => interruptions.interrupt(vmId),
  };
}

async function takeTurn(given: HostLoopDeps, vmId: VmId, signal: AbortSignal): Promise<Turn> {
  try {
    const vm = await given.store.vms.get(vmId);
    if (vm === null) return REST;
    const deps: LoopDeps = { ...given, driver: given.drivers.of(vm) };
    const work: writer.Work = { vm, operation: await deps.store.operations.findActive(vmId) };
    const observation = await deps.driver.inspect(vmId, { signal });
    const image = await findImage(deps, vm);
    const packs = hasItsTools(vm, observation) ? [] : await findPacks(deps, vm);
    const plan = planVm({
      vm,
      observation,
      isImageReady: image !== null && (await findContents(deps.images, vm.spec.disks)) !== null,
      areToolsReady: packs !== null,
      areToolsFixed: deps.driver.capabilities.supportsFixedPacks,
      originState: await findOriginState(deps, vm),
      restartInMs: restartInMs(deps, vm),
      operation: work.operation?.kind ?? null,
      tried: triedSteps(work),
    });
    return await carryOut(deps, work, { plan, observation, image, packs, signal });
  } catch (error) {
    if (isConflict(error) || signal.aborted) return LOOK_AGAIN;
    throw error;
  }
}

interface Situation {
  readonly plan: Plan;
  readonly observation: VmObservation;
  readonly image: Image | null;
  readonly packs: readonly Pack[] | null;
  readonly signal: AbortSignal;
}

async function carryOut(deps: LoopDeps, given: writer.Work, situation: Situation): Promise<Turn> {
  const { plan, observation } = situation;
  const work = observation.machine.kind === 'unreadable' ? given : await noteReadable(deps, given);
  switch (plan.kind) {
    case 'settled': {
      const { vm } = await writer.writeSettled(deps, work, plan.phase, machineFacts(work.vm, observation));
      if (plan.phase === 'running') {
        deps.cloudInit.ensure(vm);
        // Users, files and packages that it may need are there then.
        if (!awaitsCloudInit(vm)) deps.workloads.ensure(vm);
        deps.healthWatch.ensure(vm);
      }
      return REST;
    }
    case 'failed':
      return REST;
    case 'gone':
      await writer.writeGone(deps, work);
      releaseOrigin(deps, work);
      return REST;
    case 'await-snapshot':
      return REST;
    case 'restart-due':
      await beginRestart(deps, work);
      return LOOK_AGAIN;
    case 'restart-later':
      return { next: 'retry', delayMs: plan.delayMs };
    case 'unresponsive':
      return await noteUnresponsive(deps, work, plan.detail);
    case 'unreadable':
      await noteUnreadable(deps, work, plan.detail);
      return { next: 'retry', delayMs: BACK_OFF.capMs };
    case 'impossible':
      await writer.writeFailed(deps, work, {
        error: new VolaryError('data_loss', plan.message, { reason: plan.reason }),
        consoleTail: '',
        restart: null,
      });
      releaseOrigin(deps, work);
      return LOOK_AGAIN;
    case 'life-ended':
      situation.signal.throwIfAborted();
      await noteLifeEnded(deps, work, plan.end);
      return LOOK_AGAIN;
    case 'step':
      return await asPartOf(deps.tracer, work.operation, () => runStep(deps, work, plan, situation));
    default:
      return plan satisfies never;
  }
}

async function runStep(
  deps: LoopDeps,
  before: writer.Work,
  plan: Extract<Plan, { kind: 'step' }>,
  situation: Situation,
): Promise<Turn> {
  const { log, clock } = deps;
  const work = await writer.writeStepBegin(deps, before, plan.step, plan.phase);
  const { vm } = work;
  const { image, packs } = situation;
  const fields = { vmId: vm.id, step: plan.step, operationId: work.operation?.id };
  const progress = createProgressWriter(deps, work);
  const startedMs = clock.monotonicMs();
  try {
    const { operationMs } = deps.config.limits;
    const isTimed = !isCleaning(plan.step) && work.operation !== null;
    const timeoutMs = isTimed ? deps.deadlines.leftMs(vm.id, `${work.operation?.id}`, operationMs) : operationMs;
    const result = await withTimeout(
      clock,
      timeoutMs,
      situation.signal,
      (signal) =>
        traced(deps.tracer, stepSpan(work, plan.step), () =>
          STEPS[plan.step](deps, { vm, image, packs, signal, onProgress: progress.report }),
        ),
      operationDeadline,
    );
    await writer.writeStepDone(deps, await progress.finish(), result);
    if (plan.step === 'start-machine') releaseOrigin(deps, work);
    const durationMs = clock.monotonicMs() - startedMs;
    deps.measures.steps.observe({ step: plan.step, result: 'succeeded' }, durationMs / 1_000);
    log.debug('step done', { ...fields, durationMs });
    return { next: 'look-again', done: plan.step };
  } catch (error) {
    const latest = await progress.finish();
    if (isConflict(error) || situation.signal.aborted) return LOOK_AGAIN;
    const durationMs = clock.monotonicMs() - startedMs;
    deps.measures.steps.observe({ step: plan.step, result: 'failed' }, durationMs / 1_000);
    log.warn('step failed', { ...fields, error });
    return await followFailure(deps, latest, plan.step, toVolaryError(error), situation.observation);
  }
}

function stepSpan({ vm, operation }: writer.Work, step: VmStep): SpanStart {
  const attempt = attemptsOf(operation?.steps ?? [], step);
  const attributes = { 'volary.vm.id': vm.id, 'volary.step.attempt': attempt };
  return { name: `step ${step}`, attributes, parent: operation?.trace ?? null };
}

async function followFailure(
  deps: ReconcilerDeps,
  begun: writer.Work,
  step: VmStep,
  error: VolaryError,
  observation: VmObservation,
): Promise<Turn> {
  const attempt = Math.max(1, attemptsOf(begun.operation?.steps ?? [], step));
  const work = await writer.writeStepFailed(deps, begun, error.message);
  const decision: AfterFailure = decideAfterFailure(step, error, attempt);
  switch (decision) {
    case 'retry':
      return { next: 'retry', delayMs: backOffMs(deps.ids, attempt) };
    case 'alarm':
      deps.log.error('cleaning up failed; it will be tried again', { vmId: work.vm.id, step, attempt, error });
      return { next: 'retry', delayMs: backOffMs(deps.ids, attempt) };
    case 'give-back':
      return await giveBack(deps, work, { step, error, observation });
    case 'fail-vm':
      await noteFailure(deps, work, error, 'not-started');
      releaseOrigin(deps, work);
      return { next: 'look-again', done: step };
    default:
      return decision satisfies never;
  }
}

/** What the row says of a machine that can run, as it is seen to be: a server that died may have had no time to write down which one it has woken. */
function machineFacts(
  vm: Vm,
  { machine }: VmObservation,
): Partial<Pick<Vm, 'pid' | 'handle' | 'suspension' | 'machine'>> {
  if (machine.kind !== 'running' && machine.kind !== 'paused') return {};
  const { shape } = machine;
  const isKnown = vm.machine !== null && shape !== undefined;
  return {
    ...{ pid: machine.pid, handle: machine.handle, suspension: null },
    ...(isKnown ? { machine: { ...vm.machine, ...shape } } : {}),
  };
}

/** The machine did not heed; it is as it was before it was asked. Where this life is to end, the plan goes on without the guest. */
async function giveBack(
  deps: ReconcilerDeps,
  work: writer.Work,
  { step, error, observation }: { step: VmStep; error: VolaryError; observation: VmObservation },
): Promise<Turn> {
  if (step === 'prepare-restore') {
    await writer.writeGivenBack(deps, work, error, powerOf(observation) ?? 'stopped');
    releaseOrigin(deps, work);
    return { next: 'look-again', done: step };
  }
  const { power, incarnation } = work.vm.desired;
  const isEnding = power === 'stopped' || power === 'absent' || incarnation !== work.vm.incarnation;
  if (step !== 'shut-down-guest' && !isEnding)
    await writer.writeGivenBack(deps, work, error, powerBefore(step, observation));
  return { next: 'look-again', done: step };
}

/** What the machine was as which it is left. */
function powerBefore(step: VmStep, observation: VmObservation): 'running' | 'paused' | 'suspended' {
  if (step === 'wake-machine') return 'suspended';
  if (step === 'suspend-machine' || step === 'resize-machine') return powerOf(observation) ?? 'running';
  return step === 'pause-machine' ? 'running' : 'paused';
}

function powerOf({ machine: { kind } }: VmObservation): 'running' | 'paused' | 'suspended' | null {
  return kind === 'running' || kind === 'paused' || kind === 'suspended' ? kind : null;
}

async function noteUnresponsive(deps: ReconcilerDeps, work: writer.Work, detail: string): Promise<Turn> {
  if (work.vm.health !== 'degraded') {
    deps.log.warn('the machine monitor does not answer', { vmId: work.vm.id, detail });
    // One that is suspended has no health.
    if (work.vm.status.phase !== 'suspended') await writer.writeHealth(deps, work, 'degraded');
  }
  return { next: 'retry', delayMs: BACK_OFF.capMs };
}

/** Of a machine that has all its tools nobody has to look where they are, nor of one that is to be removed. */
function hasItsTools(vm: Vm, { machine }: VmObservation): boolean {
  return vm.desired.power === 'absent' || !lacksTools(vm, 'packs' in machine ? machine.packs : []);
}

/** Measured from when this server first saw that it is due, so that a wall clock that jumps neither hastens nor forgets it. */
function restartInMs({ deadlines, clock }: LoopDeps, { id, restarts: { at, count } }: Vm): number | null {
  if (at === null) return null;
  const totalMs = Math.min(LONGEST_BACKOFF_MS, Math.max(0, at - clock.now()));
  return deadlines.leftMs(id, `restart ${count}`, totalMs);
}

/** The image that it asks for, as long as it has no disk; from then on the driver keeps what the disk needs. */
async function findImage({ images }: ReconcilerDeps, vm: Vm): Promise<Image | null> {
  return vm.imageDigest === null ? await images.find(vm.spec.image) : null;
}

/** How the snapshot is that the wanted life begins from; null if that life boots, or has begun. */
async function findOriginState({ store }: ReconcilerDeps, vm: Vm): Promise<SnapshotState | 'gone' | null> {
  const { origin } = vm;
  if (origin === null || !isOriginPending(vm) || origin.incarnation !== vm.desired.incarnation) return null;
  return (await store.snapshots.get(origin.snapshotId))?.state ?? 'gone';
}

/** Has the snapshot looked at that this VM does not need any more: it may have been made for it alone. */
function releaseOrigin({ queue }: ReconcilerDeps, { vm: { origin } }: writer.Work): void {
  if (origin !== null) queue.enqueue(`snapshot:${origin.snapshotId}`);
}

function triedSteps({ operation }: writer.Work): ReadonlySet<VmStep> {
  const ended = new Set(operation?.steps.filter((entry) => entry.state !== 'running').map((entry) => entry.name));
  return new Set(VM_STEPS.filter((step) => ended.has(step)));
}

function isCleaning(step: VmStep): boolean {
  return step === 'end-machine' || step === 'delete-disk';
}

/** A step that is planned again although it has just been carried out changes nothing: the next time may be different, later. */
function slowed(deps: Pick<HostLoopDeps, 'log' | 'ids'>, turn: Turn, repeats: number): Turn {
  if (repeats === 0) return turn;
  deps.log.warn('a step was carried out and changed nothing', { repeats });
  return { next: 'retry', delayMs: backOffMs(deps.ids, repeats) };
}
