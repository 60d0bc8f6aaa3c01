/** One step of a workspace's setup, as an execution in its guest. */
import type { ExecRequest, Execution } from '../../domain/execution/execution.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { SetupStep } from '../../domain/workspace/setup.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { SecretDelivery } from '../secrets/delivery.ts';
import type { BeginDeps } from '../sessions/attach-or-begin.ts';
import { cloneCommand } from './clone-script.ts';
import { lastWords, TAIL_BYTES } from './last-words.ts';

export type StepDeps = BeginDeps & { readonly secrets: Pick<SecretDelivery, 'valuesOf'> };

/** What its guest is asked to run. */
export function stepRequest({ id, repository }: Workspace, { kind, command, timeoutSeconds }: SetupStep): ExecRequest {
  const rest = { env: {}, user: '', tty: null, hasStdin: false, timeoutMs: timeoutSeconds * 1_000 };
  if (kind === 'clone' && repository !== null) return { ...rest, ...cloneCommand(id, repository) };
  return { ...rest, argv: ['/bin/sh', '-c', command], cwd: repository?.directory ?? '' };
}

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
