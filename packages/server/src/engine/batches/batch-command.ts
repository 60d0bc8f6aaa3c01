/** An item of a batch that runs a command: an execution, which goes on in its guest whatever becomes of the server. */
import { BATCH_LIMITS, type BatchItem, type BatchOrder, type CommandOutcome } from '../../domain/batch/batch.ts';
import { EXECUTION_TRANSITIONS, type Execution, type OutputStream } from '../../domain/execution/execution.ts';
import type { ExecutionId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { Claim } from '../requests.ts';
import { attachOrBegin, type BeginDeps } from '../sessions/attach-or-begin.ts';
import type { Executions } from '../sessions/executions.ts';

export type CommandDeps = BeginDeps & { readonly executions: Pick<Executions, 'start' | 'whenOver' | 'followOwn'> };

interface AskedCommand {
  readonly item: BatchItem;
  readonly order: BatchOrder | null;
  readonly asker: Principal;
  readonly once: Claim;
}

type Outcome = Pick<BatchItem, 'executionId' | 'outcome' | 'state' | 'error'>;

/** Begins the command, unless it was begun before, and resolves when it is over. `onExecution` is told of it as soon as it is there. */
export async function runCommand(
  deps: CommandDeps,
  asked: AskedCommand,
  { signal, onExecution }: Abortable & { readonly onExecution: (id: ExecutionId) => void },
): Promise<Outcome> {
  const executionId = asked.item.executionId ?? (await beginOnce(deps, asked, signal));
  onExecution(executionId);
  const execution = await overOrAborted(deps.executions.whenOver(executionId), signal);
  const [stdout, stderr] = [await begunOf(deps, execution, 'stdout'), await begunOf(deps, execution, 'stderr')];
  const isTruncated = [execution.stdoutBytes, execution.stderrBytes].some((bytes) => bytes > BATCH_LIMITS.outputBytes);
  const { exitCode, signal: endedBy } = execution;
  const outcome: CommandOutcome = { exitCode, signal: endedBy, stdout, stderr, isTruncated };
  const why = whyFailed(execution);
  if (why === null) return { executionId, outcome, state: 'succeeded', error: null };
  const error = { code: 'aborted', reason: 'batch.command_failed', message: why };
  return { executionId, outcome, state: 'failed', error };
}

/** Follows the command that a former server was to begin or has begun: one that its guest knows nothing of is begun. */
export async function resumeCommand(deps: CommandDeps, { executionId }: BatchItem, once: Claim): Promise<void> {
  const id = executionId ?? (await earlierOf(deps, once));
  const execution = id === null ? null : await deps.store.executions.get(id);
  if (execution === null || EXECUTION_TRANSITIONS[execution.state].length === 0) return;
  const { stdout: stdoutBytes, stderr: stderrBytes } = await deps.store.executions.outputLengths(execution.id);
  deps.executions.followOwn({ ...execution, stdoutBytes, stderrBytes }, attachOrBegin(deps));
}

async function beginOnce(deps: CommandDeps, asked: AskedCommand, signal: AbortSignal): Promise<ExecutionId> {
  const { order, item, asker, once } = asked;
  const { vmId } = item;
  const earlier = await earlierOf(deps, once);
  if (earlier !== null) return earlier;
  if (order?.kind !== 'exec' || vmId === null) throw new TypeError('nobody knows which command is to be run');
  // Its output is read when it is over: until then nobody listens.
  const listening = new AbortController();
  try {
    const options = { once, signal: AbortSignal.any([signal, listening.signal]) };
    return (await deps.executions.start(asker, vmId, order.request, options)).execution.id;
  } catch (error) {
    // Whether its guest has begun it may not be known; that it was to is.
    const stored = signal.aborted ? null : await earlierOf(deps, once);
    if (stored === null) throw error;
    return stored;
  } finally {
    listening.abort();
  }
}

async function earlierOf(
  { store }: Pick<CommandDeps, 'store'>,
  { principal, key }: Claim,
): Promise<ExecutionId | null> {
  const effect = (await store.idempotencyKeys.get(principal, key))?.effect;
  return effect?.kind === 'execution' ? effect.id : null;
}

/** A server that stops lets go of its commands before it tells anybody else. */
async function overOrAborted(over: Promise<Execution>, signal: AbortSignal): Promise<Execution> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([over, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** A character that is cut in two is left out. */
async function begunOf(
  { store }: Pick<CommandDeps, 'store'>,
  { id }: Execution,
  stream: OutputStream,
): Promise<string> {
  const bytes = await store.executions.readOutput(id, stream, 0, BATCH_LIMITS.outputBytes);
  return new TextDecoder().decode(bytes, { stream: bytes.length === BATCH_LIMITS.outputBytes });
}

function whyFailed({ state, exitCode, signal, timedOut, error }: Execution): string | null {
  if (state === 'lost') return 'It was cut off: its machine ended, or its guest did not begin it.';
  if (state !== 'exited') return `It could not be run: ${error ?? 'nobody knows why'}`;
  if (timedOut) return 'It was ended, since its time was over.';
  if (signal !== null) return `It was ended by ${signal}.`;
  return exitCode === 0 ? null : `It ended with exit code ${exitCode ?? '?'}.`;
}
