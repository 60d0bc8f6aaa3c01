/** The list of steps that an operation shows: pure, each function gives the next list. */
import type { OperationStep } from '../../domain/operation/operation.ts';

type Steps = readonly OperationStep[];

/** Attempts of one step that are shown: the first, where it began, and the latest. */
const SHOWN_ATTEMPTS = 8;

/** The steps with this one begun, after any that was still under way: nothing else can be, so that was interrupted. */
export function beginStep(steps: Steps, name: string, now: number): Steps {
  const entry: OperationStep = {
    name,
    state: 'running',
    attempt: attemptsOf(steps, name) + 1,
    startedAt: now,
    completedAt: null,
    message: null,
  };
  return [...withRoomFor(name, closeSteps(steps, now)), entry];
}

/** The steps with the one under way ended. */
export function endStep(steps: Steps, state: 'succeeded' | 'failed', message: string | null, now: number): Steps {
  return steps.map((entry) => (entry.state === 'running' ? { ...entry, state, message, completedAt: now } : entry));
}

/** The steps, none of them under way: one that a former server had begun and could not end was interrupted. */
export function closeSteps(steps: Steps, now: number): Steps {
  return endStep(steps, 'failed', 'interrupted', now);
}

/** How often this step was begun. */
export function attemptsOf(steps: Steps, name: string): number {
  return steps.findLast((entry) => entry.name === name)?.attempt ?? 0;
}

/** A step may be tried for days, on a host without memory say: the list does not grow with that. */
function withRoomFor(name: string, steps: Steps): Steps {
  const attempts = steps.filter((entry) => entry.name === name);
  const surplus = attempts.length < SHOWN_ATTEMPTS ? undefined : attempts[1];
  return steps.filter((entry) => entry !== surplus);
}
