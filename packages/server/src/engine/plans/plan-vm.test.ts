import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idFromUuid } from '../../domain/ids.ts';
import { canMove, type VmPhase } from '../../domain/vm/phase.ts';
import { NO_RESTARTS } from '../../domain/vm/restarts.ts';
import { VM_DEFAULTS } from '../../domain/vm/spec.ts';
import type { PowerState, Vm } from '../../domain/vm/vm.ts';
import type { DiskState, MachineState, VmObservation } from '../../ports/driver.ts';
import { type Plan, planVm, type VmStep } from './plan-vm.ts';

const HANDLE = { driver: 'model', version: 1, state: {} } as const;
const DISK = { kind: 'present', imageDigest: 'sha' } as const;
const OPERATION = idFromUuid('op', '01890a5d-ac96-774b-bcce-b302099a8057');

/** A VM's row, a host and an image store, small enough to hold in one hand. */
interface World {
  vm: Vm;
  observation: VmObservation;
  isImageReady: boolean;
  restartInMs: number | null;
  tried: Set<VmStep>;
}

const life = fc.integer({ min: 0, max: 3 });
const power = fc.constantFrom<PowerState>('running', 'paused', 'stopped', 'absent');

const machine: fc.Arbitrary<MachineState> = fc.oneof(
  fc.constant<MachineState>({ kind: 'absent' }),
  fc.record({
    kind: fc.constantFrom('running' as const, 'paused' as const),
    incarnation: life,
    handle: fc.constant(HANDLE),
    pid: fc.constant(7),
  }),
  fc.record({
    kind: fc.constant('ended' as const),
    incarnation: life,
    end: fc.constantFrom(
      { cause: 'powered-off' as const },
      { cause: 'rebooted' as const },
      { cause: 'panicked' as const, detail: '' },
      { cause: 'vmm-died' as const, detail: '' },
    ),
  }),
  fc.record({
    kind: fc.constant('unresponsive' as const),
    incarnation: life,
    pid: fc.constant(7),
    detail: fc.constant(''),
  }),
);

const world: fc.Arbitrary<World> = fc
  .record({
    power,
    desiredLife: life,
    startedLife: life,
    graceMs: fc.constantFrom(0, 5_000),
    hasStarted: fc.boolean(),
    hadDisk: fc.boolean(),
    disk: fc.constantFrom<DiskState>(
      { kind: 'absent' },
      { kind: 'remnants' },
      { kind: 'present', imageDigest: 'sha' },
      { kind: 'present', imageDigest: null },
    ),
    machine,
    isImageReady: fc.boolean(),
    restartInMs: fc.constantFrom(null, null, 0, 500),
    hasFailed: fc.boolean(),
  })
  .map((it) => ({
    vm: makeVm(it),
    observation: { disk: it.disk, machine: it.machine },
    isImageReady: it.isImageReady,
    restartInMs: it.restartInMs,
    tried: new Set<VmStep>(),
  }));

describe('the planner', () => {
  it('has an answer to everything', () => {
    fc.assert(
      fc.property(world, (it) => {
        expect(look(it).kind).toMatch(
          /^(step|settled|gone|failed|life-ended|impossible|unresponsive|restart-due|restart-later)$/,
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('reaches an end from anywhere, whether or not a step was written down before a crash', () => {
    fc.assert(
      fc.property(world, fc.infiniteStream(fc.boolean()), (it, crashes) => {
        const end = drive(it, crashes);

        expect(end.kind).not.toBe('step');
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves nothing of a VM that is to be absent', () => {
    fc.assert(
      fc.property(world, fc.infiniteStream(fc.boolean()), (it, crashes) => {
        it.vm = { ...it.vm, desired: { ...it.vm.desired, power: 'absent' } };

        expect(drive(it, crashes)).toEqual({ kind: 'gone' });
        expect(it.observation).toEqual({ disk: { kind: 'absent' }, machine: { kind: 'absent' } });
      }),
      { numRuns: 1_000 },
    );
  });

  it('settles only on what is so', () => {
    fc.assert(
      fc.property(world, fc.infiniteStream(fc.boolean()), (it, crashes) => {
        const end = drive(it, crashes);
        if (end.kind !== 'settled') return;

        expect(end.phase).toBe(it.vm.desired.power);
        expect(it.observation.machine.kind).toBe(it.vm.desired.power === 'stopped' ? 'absent' : it.vm.desired.power);
        // A machine whose disk file was removed under it still has it open, and is left alone.
        if (end.phase === 'stopped') expect(it.observation.disk.kind).toBe('present');
      }),
      { numRuns: 1_000 },
    );
  });

  it('never makes a second disk where one was lost', () => {
    fc.assert(
      fc.property(world, (it) => {
        it.vm = { ...it.vm, imageDigest: 'sha' };
        it.observation = { disk: { kind: 'absent' }, machine: { kind: 'absent' } };
        const plan = look(it);

        expect(plan).not.toMatchObject({ step: 'create-disk' });
        expect(plan).not.toMatchObject({ step: 'ensure-image' });
      }),
    );
  });

  it('takes from the disk what it was made from before it starts it, and removes what was left of making one', () => {
    const it = runningWorld('running', 0);
    it.vm = { ...it.vm, imageDigest: null, incarnation: 0 };
    it.observation = { disk: DISK, machine: { kind: 'absent' } };
    it.isImageReady = false;

    expect(look(it)).toMatchObject({ step: 'create-disk', phase: 'provisioning' });
    it.vm = { ...it.vm, desired: { ...it.vm.desired, power: 'absent' } };
    it.observation = { disk: { kind: 'remnants' }, machine: { kind: 'absent' } };
    expect(look(it)).toMatchObject({ step: 'delete-disk', phase: 'deleting' });
  });

  it('asks a guest before it ends its machine, once, where there is a grace', () => {
    const it = runningWorld('stopped', 5_000);

    expect(look(it)).toMatchObject({ step: 'shut-down-guest', phase: 'stopping' });
    it.tried.add('shut-down-guest');
    expect(look(it)).toMatchObject({ step: 'end-machine', phase: 'stopping' });
    expect(look(runningWorld('stopped', 0))).toMatchObject({ step: 'end-machine' });
  });

  it('ends an earlier life before it starts the wanted one', () => {
    const it = runningWorld('running', 0);
    it.vm = { ...it.vm, desired: { ...it.vm.desired, incarnation: 2 } };

    expect(planVm({ ...it, operation: 'vm.restart' })).toEqual({
      kind: 'step',
      step: 'end-machine',
      phase: 'restarting',
    });
    it.observation = { disk: DISK, machine: { kind: 'absent' } };
    expect(planVm({ ...it, operation: 'vm.restart' })).toEqual({
      kind: 'step',
      step: 'start-machine',
      phase: 'restarting',
    });
  });

  it('clears what is left of a machine at once, and begins its next life when that is due', () => {
    const it = runningWorld('running', 0);
    it.restartInMs = 500;
    it.observation = { disk: DISK, machine: { kind: 'ended', incarnation: 1, end: { cause: 'powered-off' } } };

    expect(look(it)).toMatchObject({ step: 'end-machine', phase: it.vm.status.phase });
    it.observation = { disk: DISK, machine: { kind: 'absent' } };
    expect(look(it)).toEqual({ kind: 'restart-later', delayMs: 500 });
    it.restartInMs = 0;
    expect(look(it)).toEqual({ kind: 'restart-due' });
    it.vm = { ...it.vm, desired: { ...it.vm.desired, power: 'absent' } };
    expect(look(it)).toMatchObject({ step: 'delete-disk', phase: 'deleting' });
  });

  it('tells a guest that powered off from one that was never started', () => {
    const it = runningWorld('running', 0);
    it.observation = { disk: DISK, machine: { kind: 'ended', incarnation: 1, end: { cause: 'powered-off' } } };

    expect(look(it)).toEqual({ kind: 'life-ended', end: { cause: 'powered-off' } });
    it.observation = { disk: DISK, machine: { kind: 'absent' } };
    expect(look(it)).toMatchObject({ kind: 'life-ended', end: { cause: 'vmm-died' } });
  });

  it('takes over a machine that a former server started and did not write down', () => {
    const it = runningWorld('running', 0);
    it.vm = { ...it.vm, incarnation: 0, startedAt: null };

    expect(look(it)).toMatchObject({ step: 'start-machine', phase: 'starting' });
  });

  it('repeats a start that a former server died over, whatever has become of its machine', () => {
    const it = runningWorld('running', 0);
    it.vm = { ...it.vm, incarnation: 0, startedAt: null };
    const end = { cause: 'vmm-died' as const, detail: '' };
    it.observation = { disk: DISK, machine: { kind: 'ended', incarnation: 1, end } };

    expect(look(it)).toMatchObject({ step: 'end-machine', phase: 'starting' });
    it.observation = { disk: DISK, machine: { kind: 'absent' } };
    expect(look(it)).toMatchObject({ step: 'start-machine', phase: 'starting' });
  });

  it('moves only along the transitions of the phases', () => {
    fc.assert(
      fc.property(world, fc.infiniteStream(fc.boolean()), (it, crashes) => {
        // From the first phase that is planned on: what was before it is any state of disrepair.
        let phase: VmPhase | null = null;
        drive(it, crashes, (plan) => {
          const next = plan.kind === 'step' || plan.kind === 'settled' ? plan.phase : null;
          if (next !== null && phase !== null && next !== phase)
            expect([phase, next, canMove(phase, next)]).toEqual([phase, next, true]);
          phase = next ?? phase;
        });
      }),
      { numRuns: 1_000 },
    );
  });
});

function look(it: World): Plan {
  return planVm({ ...it, operation: null });
}

/** Carries the plan out on the model until it asks for no more steps. A crash leaves the deed done and the row unwritten. */
function drive(it: World, crashes: fc.Stream<boolean>, seen: (plan: Plan) => void = () => undefined): Plan {
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

function perform(it: World, step: VmStep, isUnwritten: boolean): void {
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
    case 'start-machine': {
      const incarnation = it.vm.desired.incarnation;
      if (observation.machine.kind === 'absent')
        it.observation = { ...observation, machine: { kind: 'running', incarnation, handle: HANDLE, pid: 7 } };
      learn({ incarnation, startedAt: null });
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

function runningWorld(wanted: PowerState, graceMs: number): World {
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
    restartInMs: null,
    tried: new Set(),
  };
}

interface Shape {
  readonly power: PowerState;
  readonly desiredLife: number;
  readonly startedLife: number;
  readonly graceMs: number;
  readonly hasStarted: boolean;
  readonly hadDisk: boolean;
  readonly hasFailed: boolean;
}

function makeVm(shape: Shape): Vm {
  const failure = { generation: 1, reason: 'vm.boot_timeout', message: '', consoleTail: '', at: 0 };
  return {
    id: idFromUuid('vm', '01890a5d-ac96-774b-bcce-b302099a8057'),
    name: 'model',
    owner: 'admin',
    spec: { ...VM_DEFAULTS, network: { mode: 'user', egress: 'deny' } },
    labels: {},
    metadata: {},
    desired: {
      power: shape.power,
      incarnation: Math.max(shape.desiredLife, shape.startedLife),
      graceMs: shape.graceMs,
    },
    status: shape.hasFailed
      ? { phase: 'failed', since: 0, failure }
      : { phase: 'pending', since: 0, operationId: OPERATION, deadlineAt: 1 },
    health: 'unknown',
    restarts: NO_RESTARTS,
    driver: 'model',
    hostId: idFromUuid('host', '01890a5d-ac96-774b-bcce-b302099a8057'),
    handle: null,
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
