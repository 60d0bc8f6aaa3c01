import type fc from 'fast-check';
import { idFromUuid } from '../../domain/ids.ts';
import { NO_RESTARTS } from '../../domain/vm/restarts.ts';
import { VM_DEFAULTS } from '../../domain/vm/spec.ts';
import { isOriginPending, type Origin, type PowerState, type Vm } from '../../domain/vm/vm.ts';
import type { MachineState, VmObservation } from '../../ports/driver.ts';
import { type Plan, type PlanInput, planVm, type VmStep } from './plan-vm.ts';

export const HANDLE = { driver: 'model', version: 1, state: {} } as const;
export const DISK = { kind: 'present', imageDigest: 'sha' } as const;
const SNAPSHOT = idFromUuid('snap', '01890a5d-ac96-774b-bcce-b302099a8057');
const OPERATION = idFromUuid('op', '01890a5d-ac96-774b-bcce-b302099a8057');

/** A VM's row, a host and an image store, small enough to hold in one hand. */
export interface World {
  vm: Vm;
  observation: VmObservation;
  isImageReady: boolean;
  areToolsReady: boolean;
  areToolsFixed: boolean;
  originState: PlanInput['originState'];
  restartInMs: number | null;
  tried: Set<VmStep>;
}

/** The plan for the world as it is. */
export function look(it: World): Plan {
  return planVm({ ...it, originState: stateOfOrigin(it), operation: null });
}

/** As the reconciler sees it: of a life that is wanted and has not begun. */
function stateOfOrigin({ vm, originState }: World): PlanInput['originState'] {
  return isOriginPending(vm) && vm.origin?.incarnation === vm.desired.incarnation ? originState : null;
}

/** Carries the plan out on the model until it asks for no more steps. A crash leaves the deed done and the row unwritten. */
export function drive(it: World, crashes: fc.Stream<boolean>, seen: (plan: Plan) => void = () => undefined): Plan {
  for (let steps = 0; steps < 40; steps++) {
    const plan = look(it);
    seen(plan);
    if (plan.kind === 'restart-due') {
      beginNextLife(it);
      continue;
    }
    if (plan.kind !== 'step') return plan;
    const [hasCrashed = false] = crashes.take(1);
    perform(it, plan.step, hasCrashed && steps < 10);
  }
  throw new Error('the plan has no end');
}

function beginNextLife(it: World): void {
  it.restartInMs = null;
  it.vm = { ...it.vm, desired: { ...it.vm.desired, power: 'running', incarnation: it.vm.incarnation + 1 } };
}

/** Carries a step out; `isUnwritten`: the row does not learn of it. */
export function perform(it: World, step: VmStep, isUnwritten: boolean): void {
  const { observation } = it;
  const learn = (change: Partial<Vm>): void => {
    if (!isUnwritten) it.vm = { ...it.vm, ...change };
  };
  it.tried.add(step);
  switch (step) {
    case 'ensure-image':
      it.isImageReady = true;
      return;
    case 'create-disk':
      if (observation.disk.kind !== 'present') it.observation = { ...observation, disk: DISK };
      learn({ imageDigest: 'sha' });
      return;
    case 'prepare-restore':
      if (it.vm.origin !== null) learn({ origin: { ...it.vm.origin, disk: 'prepared' } });
      return;
    case 'start-machine': {
      const incarnation = it.vm.desired.incarnation;
      if (observation.machine.kind === 'absent')
        it.observation = { ...observation, machine: { kind: 'running', incarnation, handle: HANDLE, pid: 7 } };
      learn({ incarnation, startedAt: null, handle: HANDLE });
      return;
    }
    case 'await-guest':
      learn({ startedAt: 1 });
      return;
    case 'pause-machine':
    case 'resume-machine': {
      const kind = step === 'pause-machine' ? 'paused' : 'running';
      if (observation.machine.kind === 'running' || observation.machine.kind === 'paused') {
        it.observation = { ...observation, machine: { ...observation.machine, kind } };
      }
      return;
    }
    case 'suspend-machine':
      if (
        ['running', 'paused', 'suspended'].includes(observation.machine.kind) &&
        'incarnation' in observation.machine
      ) {
        const { incarnation } = observation.machine;
        it.observation = { ...observation, machine: { kind: 'suspended', incarnation } };
      }
      learn({ handle: null });
      return;
    case 'wake-machine':
      if (observation.machine.kind === 'unreadable') {
        const { desired, incarnation } = it.vm;
        const isEnding =
          desired.power === 'stopped' || desired.power === 'absent' || desired.incarnation !== incarnation;
        if (!isEnding) learn({ desired: { ...desired, power: 'suspended' } });
        return;
      }
      if ('incarnation' in observation.machine) {
        const { incarnation } = observation.machine;
        it.observation = { ...observation, machine: { kind: 'running', incarnation, handle: HANDLE, pid: 7 } };
      }
      learn({ handle: HANDLE });
      return;
    case 'ensure-tools': {
      const tools = it.vm.spec.tools.map((tool) => ({ ...tool, digest: `digest of ${tool.name}` }));
      learn({ spec: { ...it.vm.spec, tools } });
      // What is not written down nobody finds.
      it.areToolsReady = it.vm.spec.tools.every(({ digest }) => digest !== null);
      return;
    }
    case 'attach-tools':
      if (observation.machine.kind === 'running') {
        const packs = it.vm.spec.tools.map(({ digest }) => `${digest}`);
        it.observation = { ...observation, machine: { ...observation.machine, packs } };
      }
      return;
    case 'resize-machine':
    case 'shut-down-guest':
      return;
    case 'end-machine':
      it.observation = { ...observation, machine: { kind: 'absent' } };
      learn({ startedAt: null, handle: null });
      return;
    case 'delete-disk':
      it.observation = { ...observation, disk: { kind: 'absent' } };
      learn({ imageDigest: null });
      return;
    default:
      step satisfies never;
  }
}

/** A VM that has run, of which this is wanted. */
export function runningWorld(wanted: PowerState, graceMs: number): World {
  const vm = makeVm({
    power: wanted,
    desiredLife: 1,
    startedLife: 1,
    graceMs,
    hasStarted: true,
    hadDisk: true,
    hasFailed: false,
  });
  const running: MachineState = { kind: 'running', incarnation: 1, handle: HANDLE, pid: 7 };
  return {
    vm,
    observation: { disk: DISK, machine: running },
    isImageReady: true,
    areToolsReady: true,
    areToolsFixed: false,
    originState: null,
    restartInMs: null,
    tried: new Set(),
  };
}

/** A VM whose first life is to begin from a snapshot. */
export function fromSnapshot(origin: Origin['disk'], originState: PlanInput['originState']): World {
  const it = runningWorld('running', 0);
  const disk = { kind: 'absent' } as const;
  it.vm = {
    ...it.vm,
    origin: { snapshotId: SNAPSHOT, incarnation: 1, disk: origin },
    incarnation: 0,
    imageDigest: null,
    startedAt: null,
  };
  it.observation = { disk, machine: { kind: 'absent' } };
  it.originState = originState;
  return it;
}

interface Shape {
  readonly power: PowerState;
  readonly desiredLife: number;
  readonly startedLife: number;
  readonly graceMs: number;
  readonly hasStarted: boolean;
  readonly hadDisk: boolean;
  readonly hasFailed: boolean;
  readonly origin?: Origin['disk'] | null;
  /** Default: true. */
  readonly hasHandle?: boolean;
}

/** A VM's row. */
export function makeVm(shape: Shape): Vm {
  const failure = { generation: 1, reason: 'vm.boot_timeout', message: '', consoleTail: '', at: 0 };
  return {
    id: idFromUuid('vm', '01890a5d-ac96-774b-bcce-b302099a8057'),
    name: 'model',
    owner: 'admin',
    spec: { ...VM_DEFAULTS, network: { mode: 'user', egress: 'deny' } },
    labels: {},
    metadata: {},
    secrets: [],
    desired: {
      power: shape.power,
      incarnation: Math.max(shape.desiredLife, shape.startedLife),
      graceMs: shape.graceMs,
    },
    origin:
      shape.origin == null
        ? null
        : { snapshotId: SNAPSHOT, incarnation: Math.max(shape.desiredLife, shape.startedLife), disk: shape.origin },
    status: shape.hasFailed
      ? { phase: 'failed', since: 0, failure }
      : { phase: 'pending', since: 0, operationId: OPERATION, deadlineAt: 1 },
    replicaOf: null,
    workloadStatus: null,
    cloudInitStatus: null,
    health: 'unknown',
    warmStart: 'auto',
    restarts: NO_RESTARTS,
    suspension: null,
    expiry: null,
    driver: 'model',
    hostId: idFromUuid('host', '01890a5d-ac96-774b-bcce-b302099a8057'),
    handle: shape.hasHandle === false ? null : HANDLE,
    machine: null,
    imageDigest: shape.hadDisk ? 'sha' : null,
    incarnation: shape.startedLife,
    generation: 1,
    revision: 1,
    pid: null,
    ip: null,
    createdAt: 0,
    updatedAt: 0,
    startedAt: shape.hasStarted ? 1 : null,
  };
}
