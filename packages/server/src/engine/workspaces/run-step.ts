/** One step of a workspace's setup, as an execution in its guest. */
import { VolaryError } from '../../domain/errors.ts';
import type { ExecRequest, Execution } from '../../domain/execution/execution.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { SetupStep } from '../../domain/workspace/setup.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { GuestProcess } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';
import type { SecretDelivery } from '../secrets/delivery.ts';
import { type NotAttached, type ReattachDeps, reattach } from '../sessions/reattach.ts';
import { cloneCommand } from './clone-script.ts';
import { lastWords, TAIL_BYTES } from './last-words.ts';

export type StepDeps = ReattachDeps &
  Pick<EngineDeps, 'clock'> & { readonly secrets: Pick<SecretDelivery, 'environmentOf' | 'valuesOf'> };

/** How long beyond its own time a guest may take that has not begun it, or answers nobody. */
const SILENCE_MS = 120_000;

/** What its guest is asked to run. */
export function stepRequest({ id, repository }: Workspace, { kind, command, timeoutSeconds }: SetupStep): ExecRequest {
  const rest = { env: {}, user: '', tty: null, hasStdin: false, timeoutMs: timeoutSeconds * 1_000 };
  if (kind === 'clone' && repository !== null) return { ...rest, ...cloneCommand(id, repository) };
  return { ...rest, argv: ['/bin/sh', '-c', command], cwd: repository?.directory ?? '' };
}

/**
 * The way to a step's execution, whoever has begun it: a guest begins a command of one id once, so that one which is not known to have begun is begun.
 * What it is given of secrets is told to its guest alone. A guest that is silent for too long is no longer waited for.
 */
export function attachToStep(
  deps: StepDeps,
): (execution: Execution, signal: AbortSignal) => Promise<GuestProcess | NotAttached | VolaryError> {
  let silentSinceMs: number | null = null;

  function giveUp(execution: Execution, why: VolaryError | null): 'later' | VolaryError {
    const nowMs = deps.clock.monotonicMs();
    silentSinceMs ??= nowMs;
    if (nowMs - silentSinceMs < execution.request.timeoutMs + SILENCE_MS) return 'later';
    return why ?? new VolaryError('unavailable', 'Its guest has not answered.', { reason: 'guest.link_lost' });
  }

  async function begin(execution: Execution, signal: AbortSignal): Promise<GuestProcess | NotAttached | VolaryError> {
    try {
      const vm = await deps.store.vms.get(execution.vmId);
      if (vm === null) return 'machine-over';
      const env = { ...vm.spec.environment, ...(await deps.secrets.environmentOf(vm)), ...execution.request.env };
      const link = await deps.links.open(execution.vmId, { signal });
      return await link.exec(execution.id, { ...execution.request, env }, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof VolaryError)) throw error;
      // It ran, and whoever saw its end could not write it down.
      if (error.reason === 'execution.already_ended') return 'unknown-to-guest';
      const isFinal = error.reason === 'execution.not_started' || FINAL.includes(error.code);
      return isFinal ? error : giveUp(execution, error);
    }
  }

  return async (execution, signal) => {
    const found = await reattach(deps, execution, signal);
    if (found === 'later') return giveUp(execution, null);
    silentSinceMs = null;
    return found === 'unknown-to-guest' && execution.startedAt === null ? await begin(execution, signal) : found;
  };
}

/** A secret that is gone or cannot be a variable, say: asking again changes nothing. */
const FINAL: readonly VolaryError['code'][] = ['not_found', 'invalid_argument', 'failed_precondition', 'data_loss'];

/** Why a step failed, for people: what it was, how it ended, what it said last. `ended` is null where nobody knows of it any more. */
export async function describeFailure(
  { store, secrets, log }: Pick<StepDeps, 'store' | 'secrets' | 'log'>,
  { step, vm, ended }: { readonly step: SetupStep; readonly vm: Vm; readonly ended: Execution | null },
): Promise<string> {
  const hidden = await secrets.valuesOf(vm).catch((error: unknown) => {
    log.warn('what is not to be shown cannot be read, so nothing is', { vmId: vm.id, error });
    return null;
  });
  const show = (text: string): string => (hidden === null ? '' : lastWords(new TextEncoder().encode(text), hidden));
  const line = show(step.command).split('\n')[0] ?? '';
  const what = line.length > MOST_COMMAND ? `${line.slice(0, MOST_COMMAND)}…` : line || 'A step';
  if (ended === null || ended.state === 'lost') return `${what} was cut off: its machine ended under it.`;
  const how = `${what} ${endOf(step, ended, show(ended.error ?? ''))}`;
  if (hidden === null) return `${how}.`;
  const words =
    (await tailOf({ store }, ended, 'stderr', hidden)) || (await tailOf({ store }, ended, 'stdout', hidden));
  return words === '' ? `${how}.` : `${how}: ${words}`;
}

/** Characters of a command that are told. */
const MOST_COMMAND = 100;

function endOf({ timeoutSeconds }: SetupStep, { state, exitCode, signal, timedOut }: Execution, told: string): string {
  if (state !== 'exited') return `could not be run: ${told.replace(/\.$/, '')}`;
  if (timedOut) return `was ended after ${timeoutSeconds} s`;
  return signal === null ? `failed with exit code ${exitCode ?? '?'}` : `was ended by ${signal}`;
}

async function tailOf(
  { store }: Pick<StepDeps, 'store'>,
  { id }: Execution,
  stream: 'stdout' | 'stderr',
  hidden: readonly string[],
): Promise<string> {
  const { [stream]: length } = await store.executions.outputLengths(id);
  const from = Math.max(0, length - TAIL_BYTES);
  return lastWords(await store.executions.readOutput(id, stream, from, TAIL_BYTES), hidden);
}
