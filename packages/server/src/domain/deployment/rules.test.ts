import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idFromUuid } from '../ids.ts';
import { AUTOSCALING_DEFAULTS, type Autoscaling, checkAutoscaling, steady, wantedFor } from './autoscaling.ts';
import { checkDeploymentName, checkReplicas, replicaName } from './deployment.ts';
import { isSilent, type ReplicaVm, SILENCE_MS, toReplica } from './replica.ts';
import { backOff, isCrashLooping, SLOT_BACKOFF, waitAfter } from './slot-backoff.ts';
import { boundsOf, checkStrategy, DEFAULT_STRATEGY, type Strategy } from './strategy.ts';

const percent = (of: number) => ({ kind: 'percent', percent: of }) as const;
const count = (of: number) => ({ kind: 'count', count: of }) as const;
const strategy = (change: Partial<Strategy>): Strategy => ({ ...DEFAULT_STRATEGY, ...change });

describe('the bounds of a rollout', () => {
  it('are counts, or percent of what is wanted: more are rounded up, missing ones down', () => {
    const quarter = strategy({ maxSurge: percent(25), maxUnavailable: percent(25) });

    expect(boundsOf(quarter, 10)).toEqual({ maxSurge: 3, maxUnavailable: 2 });
    expect(boundsOf(strategy({ maxSurge: count(2), maxUnavailable: count(5) }), 3)).toEqual({
      maxSurge: 2,
      maxUnavailable: 3,
    });
    // A quarter of three is no whole one, and nothing could be replaced.
    expect(boundsOf(strategy({ maxSurge: count(0), maxUnavailable: percent(25) }), 3)).toEqual({
      maxSurge: 0,
      maxUnavailable: 1,
    });
  });

  it('cannot both be nothing, and one has to be ready for less than a rollout may take', () => {
    const reason = expect.objectContaining({ reason: 'deployment.invalid_strategy' });

    expect(() => checkStrategy(strategy({ maxSurge: percent(0), maxUnavailable: count(0) }))).toThrow(reason);
    expect(() => checkStrategy(strategy({ minReadySeconds: 600 }))).toThrow(reason);
    expect(() => checkStrategy(DEFAULT_STRATEGY)).not.toThrow();
  });
});

describe('a replica', () => {
  const vm: ReplicaVm = {
    id: idFromUuid('vm', '01890000-0000-7000-8000-000000000001'),
    name: 'web-1',
    index: 1,
    revision: 1,
    desired: { power: 'running' },
    status: { phase: 'running', since: 0 },
    health: 'healthy',
    restarts: { count: 0, at: null },
    generation: 1,
  };
  const seen = { readyMs: 5_000, silentMs: 0, minReadyMs: 5_000 };
  const failure = { generation: 1, reason: 'vm.died', message: 'It died.', consoleTail: '', at: 0 };

  it.each([
    [{}, 'available'],
    [{ health: 'starting' }, 'starting'],
    [{ health: 'unhealthy' }, 'failed'],
    [{ health: 'degraded' }, 'starting'],
    [{ desired: { power: 'absent' } }, 'leaving'],
    [{ status: { phase: 'failed', since: 0, failure } }, 'failed'],
    [{ status: { phase: 'failed', since: 0, failure }, restarts: { count: 1, at: 9 } }, 'starting'],
    [{ status: { phase: 'stopped', since: 0 }, desired: { power: 'stopped' } }, 'failed'],
    [{ status: { phase: 'paused', since: 0 }, desired: { power: 'paused' } }, 'starting'],
  ] as const)('with %j is %s', (change, state) => {
    expect(toReplica({ ...vm, ...change }, seen)).toMatchObject({ state, index: 1 });
  });

  it('counts when it has been ready for long enough', () => {
    expect(toReplica(vm, { ...seen, minReadyMs: 5_001 })).toMatchObject({ state: 'ready' });
  });

  it('is lost when its guest has been silent for a minute', () => {
    const silent = { ...vm, health: 'degraded' } as const;

    expect(isSilent(silent)).toBe(true);
    expect(toReplica(silent, { ...seen, silentMs: SILENCE_MS })).toMatchObject({ state: 'failed' });
  });

  it('is named by its number, and their names fit', () => {
    const name = 'a'.repeat(57);
    checkDeploymentName(name);
    expect(replicaName({ name }, 10_000)).toHaveLength(63);
    expect(() => checkDeploymentName(`${name}a`)).toThrow(
      expect.objectContaining({ reason: 'deployment.invalid_name' }),
    );
    expect(() => checkReplicas(5_001)).toThrow(expect.objectContaining({ reason: 'deployment.invalid_replicas' }));
  });
});

describe('a replica that fails again and again', () => {
  const failed = { index: 1, availableMs: 0, message: 'It died.' };

  it('is replaced at once at first, then later and later, and is called a crash loop', () => {
    const first = backOff(undefined, failed, 1_000);
    const second = backOff(first, failed, 1_000);
    const third = backOff(second, failed, 1_000);

    expect([first, second, third].map(({ retryAt }) => retryAt - 1_000)).toEqual([0, 1_000, 2_000]);
    expect([first, second, third].map(isCrashLooping)).toEqual([false, false, true]);
    expect(waitAfter(1_000)).toBe(SLOT_BACKOFF.longestMs);
  });

  it('begins anew when it has kept well', () => {
    const before = backOff(backOff(undefined, failed, 0), failed, 0);

    expect(backOff(before, { ...failed, availableMs: SLOT_BACKOFF.keptWellMs }, 0)).toMatchObject({ failures: 1 });
  });
});

describe('autoscaling', () => {
  const scaling: Autoscaling = { ...AUTOSCALING_DEFAULTS, minReplicas: 2, maxReplicas: 6, targetPercent: 50 };

  it('wants as many as bring the average to the target, within its bounds', () => {
    expect(wantedFor(scaling, 2, [100, 100])).toBe(4);
    expect(wantedFor(scaling, 4, [100, 100, 100, 100])).toBe(6);
    expect(wantedFor(scaling, 4, [5, 5, 5, 5])).toBe(2);
    expect(wantedFor(scaling, 3, [52, 48, 53])).toBe(3);
    expect(wantedFor(scaling, 9, [])).toBe(6);
  });

  it('does not grow further for those that are on their way', () => {
    expect(wantedFor(scaling, 4, [90, 90])).toBe(4);
  });

  it('waits until more were wanted for a while, and longer until fewer were', () => {
    const past = [0, 5, 10, 15].map((s) => ({ atMs: s * 1_000, replicas: s === 5 ? 3 : 5 }));

    expect(steady(scaling, 2, past, 15_000)).toBe(3);
    expect(steady(scaling, 2, past.slice(1), 15_000)).toBe(2);
    const idle = Array.from({ length: 61 }, (_, i) => ({ atMs: i * 5_000, replicas: 2 }));
    expect(steady(scaling, 4, idle, 300_000)).toBe(2);
    expect(steady(scaling, 4, idle.slice(0, -1), 295_000)).toBe(4);
    expect(steady(scaling, 4, [...idle.slice(0, -1), { atMs: 299_000, replicas: 4 }], 300_000)).toBe(4);
  });

  it('never flaps while the load stays as it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 2, max: 6 }), (load, begin) => {
        let replicas = begin;
        const past: { atMs: number; replicas: number }[] = [];
        const changes: number[] = [];
        for (let second = 0; second <= 1_500; second += 5) {
          const percents = Array.from({ length: replicas }, () => load / replicas);
          past.push({ atMs: second * 1_000, replicas: wantedFor(scaling, replicas, percents) });
          const next = steady(scaling, replicas, past, second * 1_000);
          if (next !== replicas) changes.push(next - replicas);
          replicas = next;
        }

        // One way only, and then it stays.
        expect(changes.every((change) => change > 0) || changes.every((change) => change < 0)).toBe(true);
      }),
    );
  });

  it('measures nothing of none, so that one is the least', () => {
    const reason = expect.objectContaining({ reason: 'deployment.invalid_autoscaling' });
    expect(() => checkAutoscaling({ ...scaling, minReplicas: 0 })).toThrow(reason);
    expect(() => checkAutoscaling({ ...scaling, minReplicas: 7 })).toThrow(reason);
  });
});
