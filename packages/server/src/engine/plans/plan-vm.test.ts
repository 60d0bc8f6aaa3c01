import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canMove, type VmPhase } from '../../domain/vm/phase.ts';
import type { PowerState, Vm } from '../../domain/vm/vm.ts';
import type { DiskState, MachineState } from '../../ports/driver.ts';
import { planVm, type VmStep } from './plan-vm.ts';
import { DISK, drive, HANDLE, look, makeVm, perform, runningWorld, type World } from './plan-world.test-kit.ts';

const life = fc.integer({ min: 0, max: 3 });
const power = fc.constantFrom<PowerState>('running', 'paused', 'suspended', 'stopped', 'absent');

const machine: fc.Arbitrary<MachineState> = fc.oneof(
  fc.constant<MachineState>({ kind: 'absent' }),
  fc.record({
    kind: fc.constantFrom('running' as const, 'paused' as const),
    incarnation: life,
    handle: fc.constant(HANDLE),
    pid: fc.constant(7),
  }),
  fc.record({ kind: fc.constant('suspended' as const), incarnation: life }),
  fc.record({ kind: fc.constant('suspended' as const), incarnation: life, hasRemains: fc.constant(true as const) }),
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
  fc.constant<MachineState>({ kind: 'unreadable', detail: 'its file is damaged' }),
);

function* noCrash(): Generator<boolean> {
  for (;;) yield false;
}

function withTools(vm: Vm, digests: readonly (string | null)[]): Vm {
  return { ...vm, spec: { ...vm.spec, tools: digests.map((digest) => ({ name: 'nodejs', version: '20', digest })) } };
}

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
    tools: fc.constantFrom<readonly (readonly [string | null, boolean])[]>(
      [],
      [[null, false]],
      [['d', true]],
      [['d', false]],
    ),
    areToolsFixed: fc.boolean(),
    origin: fc.constantFrom(null, null, 'made', 'awaited', 'prepared'),
    originState: fc.constantFrom('creating', 'ready', 'failed', 'deleting', 'gone'),
    restartInMs: fc.constantFrom(null, null, 0, 500),
    hasFailed: fc.boolean(),
    hasHandle: fc.boolean(),
  })
  .map((it) => ({
    vm: withTools(
      makeVm(it),
      it.tools.map(([digest]) => digest),
    ),
    observation: { disk: it.disk, machine: it.machine },
    isImageReady: it.isImageReady,
    areToolsReady: it.tools.every(([, isReady]) => isReady),
    areToolsFixed: it.areToolsFixed,
    originState: it.originState,
    restartInMs: it.restartInMs,
    tried: new Set<VmStep>(),
  }));

describe('the planner', () => {
  it('has an answer to everything', () => {
    fc.assert(
      fc.property(world, (it) => {
        expect(look(it).kind).toMatch(
          /^(step|settled|gone|failed|life-ended|impossible|await-snapshot|unresponsive|unreadable|restart-due|restart-later)$/,
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

  it('ends no life by itself whose memory may still be kept', () => {
    const kept = fc.constantFrom<MachineState['kind']>('suspended', 'unreadable');
    const powers = fc.constantFrom<PowerState>('running', 'paused', 'suspended');
    fc.assert(
      fc.property(world, kept, powers, fc.infiniteStream(fc.boolean()), (it, kind, wanted, crashes) => {
        const { incarnation } = it.vm;
        it.vm = { ...it.vm, desired: { ...it.vm.desired, power: wanted, incarnation }, startedAt: 1 };
        it.restartInMs = null;
        const detail = 'its file is damaged';
        it.observation = {
          disk: DISK,
          machine: kind === 'suspended' ? { kind, incarnation } : { kind: 'unreadable', detail },
        };

        drive(it, crashes, (plan) => expect(plan).not.toMatchObject({ step: 'end-machine' }));
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves what cannot be read as it is, and says so to whoever wants it awake', () => {
    const it = runningWorld('suspended', 0);
    it.observation = { disk: DISK, machine: { kind: 'unreadable', detail: 'its file is damaged' } };

    expect(look(it)).toEqual({ kind: 'unreadable', detail: 'its file is damaged' });
    expect(look({ ...it, restartInMs: 0 })).toMatchObject({ kind: 'unreadable' });
    it.vm = { ...it.vm, desired: { ...it.vm.desired, power: 'running' } };
    expect(look(it)).toMatchObject({ step: 'wake-machine', phase: 'resuming' });
    it.vm = { ...it.vm, desired: { ...it.vm.desired, incarnation: 2 } };
    expect(look(it)).toMatchObject({ step: 'end-machine' });
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

  it('suspends a machine, and wakes it as the life that it was', () => {
    const it = runningWorld('suspended', 0);

    expect(look(it)).toMatchObject({ step: 'suspend-machine', phase: 'suspending' });
    perform(it, 'suspend-machine', false);
    expect(look(it)).toEqual({ kind: 'settled', phase: 'suspended' });
    it.vm = { ...it.vm, desired: { ...it.vm.desired, power: 'running' } };
    expect(look(it)).toMatchObject({ step: 'wake-machine', phase: 'resuming' });
    perform(it, 'wake-machine', false);
    expect(look(it)).toEqual({ kind: 'settled', phase: 'running' });
  });

  it('repeats a waking and a suspending that a server died over', () => {
    const it = runningWorld('suspended', 0);
    perform(it, 'suspend-machine', true);
    expect(look(it)).toMatchObject({ step: 'suspend-machine' });
    perform(it, 'suspend-machine', false);
    it.vm = { ...it.vm, desired: { ...it.vm.desired, power: 'running' } };
    perform(it, 'wake-machine', true);
    expect(it.observation.machine.kind).toBe('running');

    expect(look(it)).toMatchObject({ step: 'wake-machine' });
    it.vm = { ...it.vm, desired: { ...it.vm.desired, power: 'suspended' } };
    expect(look(it)).toMatchObject({ step: 'suspend-machine' });
  });

  it('has what is left of a waking cleared that a server died over, where it is to stay suspended', () => {
    const it = runningWorld('suspended', 0);
    perform(it, 'suspend-machine', false);
    const { incarnation } = it.vm;
    it.observation = { ...it.observation, machine: { kind: 'suspended', incarnation, hasRemains: true } };

    expect(look(it)).toMatchObject({ step: 'suspend-machine' });
    perform(it, 'suspend-machine', false);
    expect(look(it)).toEqual({ kind: 'settled', phase: 'suspended' });
  });

  it('wakes a suspended guest to ask it to shut down, where there is a grace, and no more than once', () => {
    const it = runningWorld('stopped', 5_000);
    perform(it, 'suspend-machine', false);

    expect(look(it)).toMatchObject({ step: 'wake-machine', phase: 'stopping' });
    it.tried.add('wake-machine');
    expect(look(it)).toMatchObject({ step: 'end-machine' });
    it.tried.clear();
    it.vm = { ...it.vm, desired: { ...it.vm.desired, graceMs: 0 } };
    expect(look(it)).toMatchObject({ step: 'end-machine' });
  });

  it('ends a machine that was made ahead and does not answer, but none that it has started itself', () => {
    const it = runningWorld('running', 0);
    it.vm = { ...it.vm, incarnation: 0, startedAt: null };
    it.observation = { disk: DISK, machine: { kind: 'unresponsive', incarnation: 1, pid: 2, detail: 'It hangs.' } };
    it.tried.clear();

    expect(look(it)).toMatchObject({ step: 'end-machine' });
    it.tried.add('start-machine');
    expect(look(it)).toEqual({ kind: 'unresponsive', detail: 'It hangs.' });
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

  it('asks the guest of a VM that is to go where there is a grace', () => {
    const it = runningWorld('absent', 5_000);

    expect(look(it)).toMatchObject({ step: 'shut-down-guest', phase: 'deleting' });
    it.tried.add('shut-down-guest');
    expect(look(it)).toMatchObject({ step: 'end-machine', phase: 'deleting' });
    expect(look(runningWorld('absent', 0))).toMatchObject({ step: 'end-machine' });
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

  it('builds the tools of a machine before it starts it, and gives them to it before it is running', () => {
    const it = runningWorld('running', 0);
    it.vm = withTools({ ...it.vm, incarnation: 0, startedAt: null }, [null]);
    it.observation = { disk: DISK, machine: { kind: 'absent' } };
    it.areToolsReady = false;
    const steps: string[] = [];

    const end = drive(it, new fc.Stream(noCrash()), (plan) => {
      if (plan.kind === 'step') steps.push(plan.step);
    });

    expect(steps).toEqual(['ensure-tools', 'start-machine', 'await-guest', 'attach-tools']);
    expect(end).toEqual({ kind: 'settled', phase: 'running' });
  });

  it('builds the tools that a disk is made with before it makes the disk, and gives no others', () => {
    const it = runningWorld('running', 0);
    it.vm = withTools({ ...it.vm, incarnation: 0, startedAt: null, imageDigest: null }, [null]);
    it.observation = { disk: { kind: 'absent' }, machine: { kind: 'absent' } };
    it.areToolsReady = false;
    it.areToolsFixed = true;
    const steps: string[] = [];

    const end = drive(it, new fc.Stream(noCrash()), (plan) => {
      if (plan.kind === 'step') steps.push(plan.step);
    });

    expect(steps).toEqual(['ensure-tools', 'create-disk', 'start-machine', 'await-guest']);
    expect(end).toEqual({ kind: 'settled', phase: 'running' });
    // Of a later life they are where they were, whatever has become of where they came from.
    it.areToolsReady = false;
    it.vm = { ...it.vm, desired: { ...it.vm.desired, incarnation: 2 } };
    it.observation = { disk: DISK, machine: { kind: 'absent' } };
    expect(look(it)).toMatchObject({ step: 'start-machine' });
  });

  it('leaves the tools of a machine alone that is halted, and gives them to it when it goes on', () => {
    const it = runningWorld('paused', 0);
    it.vm = withTools(it.vm, ['d']);
    expect(look(it)).toMatchObject({ step: 'pause-machine' });

    it.vm = { ...it.vm, desired: { ...it.vm.desired, power: 'running' } };
    expect(look(it)).toMatchObject({ step: 'attach-tools' });
  });
});
