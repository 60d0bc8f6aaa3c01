import {
  COMMON_FAULT_POINTS,
  type FaultPointName,
  QEMU_FAULT_POINTS,
} from '../../packages/server/src/ports/fault-point.ts';
import type { Random } from './random.ts';
import type { DriverName } from './server-process.ts';

/** When the server is to die. */
export type KillPlan =
  /** At any moment of its work. */
  | { readonly kind: 'working'; readonly afterMs: number }
  /** While it starts. */
  | { readonly kind: 'starting'; readonly afterMs: number }
  /** At the n-th passing of a point between two steps. */
  | { readonly kind: 'point'; readonly point: string };

/** How kills are spread: `random` moments only, each fault point in `turn` only, or one after the other of `both`. */
export type KillMix = 'random' | 'turn' | 'both';

/** Names of the points that a server with this driver comes to. */
function pointsOf(driver: DriverName): readonly FaultPointName[] {
  return driver === 'qemu' ? [...COMMON_FAULT_POINTS, ...QEMU_FAULT_POINTS] : COMMON_FAULT_POINTS;
}

export interface PlanContext {
  readonly driver: DriverName;
  readonly mix: KillMix;
  readonly random: Random;
  /** Which point has the first turn; default: the first one. */
  readonly firstPoint?: number;
  /** Points that have turns; default: all that the driver comes to. */
  readonly points?: readonly FaultPointName[];
}

/** That a kill at a random moment meets a server that starts. */
const STARTING_PROBABILITY = 0.15;

/** The plan of the kill with this number, from 0 on. */
export function planKill(
  number: number,
  { driver, mix, random, firstPoint = 0, points = pointsOf(driver) }: PlanContext,
): KillPlan {
  const isPoint = mix === 'turn' || (mix === 'both' && number % 2 === 1);
  if (isPoint) {
    const turn = mix === 'turn' ? number : (number - 1) / 2;
    const point = points[(firstPoint + turn) % points.length] ?? '';
    // In the first round the first passing: some moments come once in a server's life.
    const passing = turn < points.length || point.startsWith('commit.server') ? 1 : 1 + random.below(3);
    return { kind: 'point', point: `${point}:${passing}` };
  }
  if (random.isTrue(STARTING_PROBABILITY)) return { kind: 'starting', afterMs: random.below(700) };
  return { kind: 'working', afterMs: random.below(driver === 'qemu' ? 5_000 : 500) };
}

/** The plan in a few characters, for the log. */
export function describePlan(plan: KillPlan): string {
  return plan.kind === 'point' ? plan.point : `${plan.kind}+${plan.afterMs}ms`;
}
