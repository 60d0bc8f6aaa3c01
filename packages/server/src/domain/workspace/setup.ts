/**
 * What is done in a workspace's guest before it is ready: its repository is cloned, then its prep steps run, one after the other.
 *
 *   waiting --> running --> done
 *      ^           |  +---> failed
 *      +-----------+ (a clone whose machine ended under it: begun anew)
 *
 * waiting  nobody has begun it
 * running  its execution is stored; whether its guest has begun it the execution tells
 * done     it ended with exit code 0; final
 * failed   it did not, and none of those after it runs; final
 *
 * Each is an execution like any other, begun at most once: what a clone leaves half done is no harm, since it is made beside its place. Whether a
 * prep step that was cut off has done its work nobody knows, so none is begun a second time.
 */
import { VolaryError } from '../errors.ts';
import type { ExecutionId } from '../ids.ts';
import type { EpochMs } from '../time.ts';

export const STEP_TRANSITIONS = {
  waiting: ['running'],
  running: ['done', 'failed', 'waiting'],
  done: [],
  failed: [],
} as const satisfies Record<string, readonly string[]>;

export type StepState = keyof typeof STEP_TRANSITIONS;
export const STEP_STATES = ['waiting', 'running', 'done', 'failed'] as const satisfies readonly StepState[];

export const STEP_KINDS = ['clone', 'prep'] as const;

export interface SetupStep {
  readonly kind: (typeof STEP_KINDS)[number];
  /** A line of the shell; of a clone for people alone. */
  readonly command: string;
  readonly timeoutSeconds: number;
  readonly state: StepState;
  /** The last time it was begun; null: never. */
  readonly executionId: ExecutionId | null;
  /** How often it was begun. */
  readonly tries: number;
  readonly startedAt: EpochMs | null;
  readonly completedAt: EpochMs | null;
}

/** pending: its VM has not run yet, or steps are left; done: it is ready; failed: a step did, `message` says how. The last two are final. */
export const SETUP_STATES = ['pending', 'done', 'failed'] as const;

export interface Setup {
  readonly state: (typeof SETUP_STATES)[number];
  readonly steps: readonly SetupStep[];
  /** Why it failed, for people; while it is pending: why nothing comes of it now. Null: there is nothing of the kind. */
  readonly message: string | null;
}

/** Inclusive bounds. */
export const PREP_LIMITS = {
  count: 32,
  commandLength: 8_192,
  timeoutSeconds: { minimum: 1, maximum: 86_400, default: 600 },
} as const;

/** How often a clone is begun whose machine ends under it. */
export const MOST_CLONES = 3;

/** Steps that nobody has begun. Throws `invalid_argument` workspace.invalid_prep_steps. */
export function setupOf(
  repository: { readonly url: string } | null,
  preps: readonly { readonly command: string; readonly timeoutSeconds?: number }[],
): Setup {
  if (preps.length > PREP_LIMITS.count) throw invalid(`There are at most ${PREP_LIMITS.count} prep steps.`);
  const { minimum, maximum, default: usual } = PREP_LIMITS.timeoutSeconds;
  for (const { command, timeoutSeconds = usual } of preps) {
    if (command.trim() === '' || command.length > PREP_LIMITS.commandLength || command.includes('\0'))
      throw invalid(`A prep step is a line of the shell, of 1 to ${PREP_LIMITS.commandLength} characters.`);
    if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < minimum || timeoutSeconds > maximum)
      throw invalid(`A prep step may take from ${minimum} to ${maximum} seconds.`);
  }
  const clone = repository === null ? [] : [waiting('clone', `git clone ${repository.url}`, usual)];
  const steps = preps.map(({ command, timeoutSeconds = usual }) => waiting('prep', command, timeoutSeconds));
  return { state: 'pending', steps: [...clone, ...steps], message: null };
}

function waiting(kind: SetupStep['kind'], command: string, timeoutSeconds: number): SetupStep {
  return {
    ...{ kind, command, timeoutSeconds, state: 'waiting', executionId: null, tries: 0 },
    ...{ startedAt: null, completedAt: null },
  };
}

/** The step that is running or the next to begin, with its place; null: none is left. */
export function presentStep({
  steps,
}: Pick<Setup, 'steps'>): { readonly index: number; readonly step: SetupStep } | null {
  const index = steps.findIndex(({ state }) => state !== 'done');
  const step = steps[index];
  return step === undefined ? null : { index, step };
}

/** The setup with one of its steps changed. */
export function withStep(setup: Setup, index: number, change: Partial<SetupStep>): Setup {
  return { ...setup, steps: setup.steps.map((step, at) => (at === index ? { ...step, ...change } : step)) };
}

function invalid(message: string): VolaryError {
  return new VolaryError('invalid_argument', message, {
    reason: 'workspace.invalid_prep_steps',
    details: { field: 'prep_steps', maximum: PREP_LIMITS.count },
  });
}
