import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idFromUuid, type VmId } from '../ids.ts';
import { type DeploymentView, isRolledOut, planReplicas, progressOf, type ReplicaAction } from './plan-replicas.ts';
import type { Replica, ReplicaState } from './replica.ts';

let made = 0;
function nextId(): VmId {
  made += 1;
  return idFromUuid('vm', `01890000-0000-7000-8000-${made.toString(16).padStart(12, '0')}`);
}

function replica(index: number, revision: number, state: ReplicaState = 'available'): Replica {
  return { vmId: nextId(), index, revision, state, readyMs: 0, failure: state === 'failed' ? 'It died.' : null };
}

function view(change: Partial<DeploymentView>): DeploymentView {
  return {
    replicas: 3,
    isPaused: false,
    isDeleting: false,
    target: 1,
    stable: 1,
    rollout: 'complete',
    bounds: { maxSurge: 1, maxUnavailable: 0 },
    seen: [],
    waiting: new Set(),
    ...change,
  };
}

/** In short: `+4@2` makes number 4 of revision 2, `-1` removes number 1. */
function planned(change: Partial<DeploymentView>): readonly string[] {
  return planReplicas(view(change)).map(inShort);
}

function inShort(action: ReplicaAction): string {
  return action.kind === 'create' ? `+${action.index}@${action.revision}` : `-${action.index} ${action.why}`;
}

describe('replicas', () => {
  it('are made from 1 on', () => {
    expect(planned({ rollout: 'progressing', stable: 0 })).toEqual(['+1@1', '+2@1', '+3@1']);
    expect(planned({ replicas: 0 })).toEqual([]);
  });

  it('that are superfluous go from the highest on, whatever they are', () => {
    const seen = [replica(1, 1), replica(2, 1, 'starting'), replica(3, 1), replica(4, 1, 'failed'), replica(5, 1)];

    expect(planned({ replicas: 2, seen })).toEqual(['-5 scaled-down', '-4 scaled-down', '-3 scaled-down']);
    expect(planned({ replicas: 0, seen })).toHaveLength(5);
  });

  it('that failed, or are gone, are replaced under their number, as soon as that is free and it is time', () => {
    const failed = [replica(1, 1), replica(2, 1, 'failed')];

    expect(planned({ seen: failed })).toEqual(['-2 failed', '+3@1']);
    expect(planned({ seen: [replica(1, 1), replica(2, 1, 'leaving'), replica(3, 1)] })).toEqual([]);
    expect(planned({ seen: [replica(1, 1), replica(3, 1)], waiting: new Set([2]) })).toEqual([]);
    expect(planned({ seen: [replica(1, 1), replica(3, 1)] })).toEqual(['+2@1']);
  });

  it('all go with their deployment', () => {
    const seen = [replica(1, 1), replica(2, 2, 'leaving'), replica(3, 2, 'failed')];

    expect(planned({ isDeleting: true, seen })).toEqual(['-3 deleted', '-1 deleted']);
  });
});

describe('a rollout', () => {
  const rolling = { target: 2, rollout: 'progressing' } as const;

  it('with a surge makes one more, gives one up for it, and ends on the numbers that are wanted', () => {
    const [one, two, three] = [replica(1, 1), replica(2, 1), replica(3, 1)];

    expect(planned({ ...rolling, seen: [one, two, three] })).toEqual(['+4@2']);
    expect(planned({ ...rolling, seen: [one, two, three, replica(4, 2, 'starting')] })).toEqual([]);
    expect(planned({ ...rolling, seen: [one, two, three, replica(4, 2)] })).toEqual(['-1 outdated']);
    expect(planned({ ...rolling, seen: [two, three, replica(4, 2)] })).toEqual(['+1@2']);
    const nearly = [replica(1, 2), replica(2, 2), replica(3, 2, 'starting'), replica(4, 2)];
    expect(planned({ ...rolling, seen: nearly })).toEqual([]);
    expect(isRolledOut(view({ ...rolling, seen: nearly }))).toBe(false);
    const done = [replica(1, 2), replica(2, 2), replica(3, 2), replica(4, 2)];
    expect(isRolledOut(view({ ...rolling, seen: done }))).toBe(true);
    expect(planned({ target: 2, stable: 2, seen: done })).toEqual(['-4 scaled-down']);
  });

  it('without one takes as many away as may be missing', () => {
    const bounds = { maxSurge: 0, maxUnavailable: 2 };
    const seen = [replica(1, 1), replica(2, 1), replica(3, 1)];

    expect(planned({ ...rolling, bounds, seen })).toEqual(['-1 outdated', '-2 outdated']);
    expect(planned({ ...rolling, bounds, seen: [replica(1, 2, 'starting'), replica(2, 2), replica(3, 1)] })).toEqual([
      '-3 outdated',
    ]);
  });

  it('takes first what does not work anyway', () => {
    const seen = [replica(1, 1), replica(2, 1, 'starting'), replica(3, 1), replica(4, 2)];

    expect(planned({ ...rolling, seen })).toEqual(['-2 outdated']);
  });

  it('that is paused replaces nothing, and keeps alive what was rolled out before', () => {
    const seen = [replica(1, 1), replica(3, 1), replica(4, 2)];

    expect(planned({ ...rolling, isPaused: true, seen })).toEqual(['+2@1']);
  });

  it('that was stopped removes what does not work of it, and goes back to what did', () => {
    const stopped = { target: 2, rollout: 'stopped' } as const;
    const seen = [replica(1, 2, 'starting'), replica(2, 1), replica(3, 1), replica(4, 2, 'ready')];

    expect(planned({ ...stopped, seen })).toEqual(['-4 refused', '-1 refused']);
    expect(planned({ ...stopped, seen: [replica(2, 1), replica(3, 1)] })).toEqual(['+1@1']);
  });

  it('that is the first is tried on when it was stopped: there is nothing to go back to', () => {
    expect(planned({ target: 1, stable: 0, rollout: 'stopped', seen: [replica(1, 1, 'starting')] })).toEqual([
      '+2@1',
      '+3@1',
    ]);
  });
});

/** What becomes of the VMs of a revision. */
const FATES = ['works', 'never-ready', 'dies'] as const;
type Fate = (typeof FATES)[number];

interface World {
  replicas: number;
  target: number;
  stable: number;
  rollout: DeploymentView['rollout'];
  isPaused: boolean;
  bounds: DeploymentView['bounds'];
  fates: Fate[];
  seen: Replica[];
}

/** One look: what is planned is held against the laws, and done. */
function look(world: World): boolean {
  const now = view({ ...world, waiting: new Set() });
  if (isRolledOut(now) && world.rollout !== 'complete') {
    world.rollout = 'complete';
    world.stable = world.target;
    return true;
  }
  const actions = planReplicas(now);
  holdToTheLaws(now, actions);
  for (const action of actions) {
    if (action.kind === 'create') world.seen.push(replica(action.index, action.revision, 'starting'));
    else world.seen = world.seen.map((each) => (each.vmId === action.vmId ? { ...each, state: 'leaving' } : each));
  }
  return actions.length > 0;
}

function holdToTheLaws(now: DeploymentView, actions: readonly ReplicaAction[]): void {
  const { replicas, bounds } = now;
  const removed = new Set(actions.flatMap((action) => (action.kind === 'remove' ? [action.vmId] : [])));
  const left = now.seen.filter(({ state, vmId }) => state !== 'leaving' && !removed.has(vmId));
  const created = actions.flatMap((action) => (action.kind === 'create' ? [action.index] : []));
  expect(left.length + created.length).toBeLessThanOrEqual(replicas + bounds.maxSurge);

  const taken = new Set(now.seen.map(({ index }) => index));
  expect(created.filter((index) => taken.has(index))).toEqual([]);
  expect(new Set(created).size).toBe(created.length);

  const isAvailable = ({ state }: Replica): boolean => state === 'available';
  const forRollout = now.seen.filter(
    (each) => removed.has(each.vmId) && isAvailable(each) && each.index <= replicas + bounds.maxSurge,
  );
  if (forRollout.length > 0 && now.rollout !== 'complete')
    expect(left.filter(isAvailable).length).toBeGreaterThanOrEqual(replicas - bounds.maxUnavailable);
}

/** Time passes: what leaves is gone, what starts comes to its fate. */
function passTime(world: World): void {
  world.seen = world.seen.flatMap((each): Replica[] => {
    if (each.state === 'leaving') return [];
    if (each.state !== 'starting') return [each];
    const fate = world.fates[each.revision] ?? 'works';
    if (fate === 'never-ready') return [each];
    return [{ ...each, state: fate === 'works' ? 'available' : 'failed' }];
  });
}

type Wish = (world: World) => void;

const anyWish: fc.Arbitrary<Wish> = fc.oneof(
  fc.nat(6).map(
    (replicas): Wish =>
      (world) => {
        world.replicas = replicas;
      },
  ),
  fc.constantFrom(...FATES).map(
    (fate): Wish =>
      (world) => {
        world.fates.push(fate);
        world.target = world.fates.length - 1;
        world.rollout = 'progressing';
      },
  ),
  fc.constant<Wish>((world) => {
    world.isPaused = !world.isPaused;
  }),
  fc.constant<Wish>((world) => {
    if (world.rollout === 'progressing') world.rollout = 'stopped';
  }),
  fc.constant<Wish>((world) => {
    if (world.stable === 0) return;
    world.target = world.stable;
    world.rollout = 'progressing';
  }),
  fc.nat(6).map(
    (index): Wish =>
      (world) => {
        world.seen = world.seen.filter((each) => each.index !== index);
      },
  ),
  fc.nat(6).map(
    (index): Wish =>
      (world) => {
        world.seen = world.seen.map((each) => (each.index === index ? { ...each, state: 'failed' } : each));
      },
  ),
  fc.constant<Wish>(passTime),
);

const anyBounds = fc
  .record({ maxSurge: fc.nat(3), maxUnavailable: fc.nat(3) })
  .filter(({ maxSurge, maxUnavailable }) => maxSurge + maxUnavailable > 0);

function newWorld(bounds: DeploymentView['bounds']): World {
  const fates: Fate[] = ['works', 'works'];
  return {
    replicas: 3,
    target: 1,
    stable: 0,
    rollout: 'progressing',
    isPaused: false,
    bounds,
    fates,
    seen: [],
  };
}

describe('whatever is wished, and whatever happens', () => {
  it('keeps the laws at each look', () => {
    fc.assert(
      fc.property(anyBounds, fc.array(anyWish, { maxLength: 40 }), (bounds, wishes) => {
        const world = newWorld(bounds);
        for (const wish of wishes) {
          wish(world);
          look(world);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('comes to as many as are wanted, of the wanted revision, from 1 on, as soon as that works', () => {
    fc.assert(
      fc.property(anyBounds, fc.nat(6), fc.array(anyWish, { maxLength: 30 }), (bounds, replicas, wishes) => {
        const world = newWorld(bounds);
        for (const wish of wishes) {
          wish(world);
          look(world);
        }
        world.fates.push('works');
        Object.assign(world, { target: world.fates.length - 1, rollout: 'progressing', isPaused: false, replicas });
        const isDone = (): boolean =>
          world.rollout === 'complete' && world.seen.every(({ state }) => state === 'available');
        for (let round = 0; round < 100 && !(isDone() && !look(world)); round++) {
          passTime(world);
          for (let turn = 0; turn < 20 && look(world); turn++);
        }

        expect(world.rollout).toBe('complete');
        expect(world.seen.map(({ index, revision, state }) => `${index}@${revision} ${state}`).toSorted()).toEqual(
          Array.from({ length: replicas }, (_, i) => `${i + 1}@${world.target} available`).toSorted(),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('serves on as before, when what is wanted never works and is stopped', () => {
    fc.assert(
      fc.property(anyBounds, fc.constantFrom('never-ready', 'dies'), (bounds, fate) => {
        const world = newWorld(bounds);
        settle(world);
        world.fates.push(fate);
        Object.assign(world, { target: 2, rollout: 'progressing' });
        settle(world);
        expect(world.seen.filter(({ state }) => state === 'available').length).toBeGreaterThanOrEqual(
          3 - bounds.maxUnavailable,
        );
        world.rollout = 'stopped';
        settle(world);

        expect(world.rollout).toBe('stopped');
        expect(world.seen.map(({ index, revision, state }) => `${index}@${revision} ${state}`).toSorted()).toEqual([
          '1@1 available',
          '2@1 available',
          '3@1 available',
        ]);
      }),
    );
  });
});

/** Bounded: what dies is made again for ever. */
function settle(world: World): void {
  for (let round = 0; round < 40; round++) {
    passTime(world);
    for (let turn = 0; turn < 5 && look(world); turn++);
  }
}

it('a rollout comes further with each one that is replaced, and with each that works', () => {
  const before = view({ target: 2, rollout: 'progressing', seen: [replica(1, 1), replica(2, 1)] });
  const replaced = { ...before, seen: [replica(1, 1), replica(2, 2, 'starting')] };
  const works = { ...before, seen: [replica(1, 1), replica(2, 2)] };

  expect(progressOf(before)).toBeLessThan(progressOf(replaced));
  expect(progressOf(replaced)).toBeLessThan(progressOf(works));
});
