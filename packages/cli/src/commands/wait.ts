import type { Vm, VmPhase } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { CliError, usageError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { finishOperation } from '../operations/finish-operation.ts';
import { parseCount, parseDurationMs } from '../parse-values.ts';
import { isPhase, PHASES } from '../phases.ts';

/** The server waits this long in one request at most. */
const REQUEST_MS = 60_000;

interface WaitOptions {
  readonly phase?: string;
  readonly incarnation?: number;
  readonly timeout?: number;
}

/** `volary wait OPERATION`, or `volary wait VM --phase PHASE`. */
export function configureWait(command: Command, context: Context): void {
  command
    .argument('<ref>', 'a VM (name or id), or the id of an operation')
    .option('--phase <phase>', `phase of the VM to wait for, or absent (default running): ${PHASES.join(', ')}`)
    .option('--incarnation <n>', 'the life of the VM to wait for, or a later one', parseCount(1))
    .addOption(
      new Option('--timeout <time>', 'how long to wait for a VM, such as 30s or 5m')
        .argParser(parseDurationMs)
        .default(300_000, '5m'),
    )
    .action((ref: string, options: WaitOptions & { timeout: number }) =>
      ref.startsWith('op_') ? waitForOperation(context, ref, options) : waitForPhase(context, ref, options),
    );
}

async function waitForOperation(context: Context, id: string, options: WaitOptions): Promise<void> {
  if (options.phase !== undefined || options.incarnation !== undefined)
    throw usageError('--phase and --incarnation are for a VM, and this is an operation.');
  const client = await connect(context);
  const operation = await client.operations.get(id);
  const what = `${operation.kind} ${operation.subject.name}`;
  const final = await finishOperation(context, client, operation, { doing: what, done: what });
  if (context.globals.json === true) printJson(context, final);
}

async function waitForPhase(context: Context, ref: string, options: WaitOptions & { timeout: number }): Promise<void> {
  const phase = options.phase ?? 'running';
  if (phase !== 'absent' && !isPhase(phase)) {
    throw usageError(`There is no phase ${phase}.`, `phases: ${PHASES.join(', ')}, absent`);
  }
  const client = await connect(context);
  const life = options.incarnation === undefined ? {} : { incarnation: options.incarnation };
  const deadline = performance.now() + options.timeout;
  for (;;) {
    const leftMs = Math.max(0, deadline - performance.now());
    const timeoutSeconds = Math.ceil(Math.min(REQUEST_MS, leftMs) / 1000);
    const outcome = await waitOnce(client, ref, { phase, ...life, timeoutSeconds });
    if (outcome !== 'not yet') {
      if (context.globals.json === true) printJson(context, outcome);
      return;
    }
    if (leftMs <= REQUEST_MS) throw timeoutError(ref, phase);
  }
}

/** The VM in the phase, null if it is gone as was waited for. */
async function waitOnce(
  client: VolaryClient,
  ref: string,
  wanted: { readonly phase: VmPhase | 'absent'; readonly incarnation?: number; readonly timeoutSeconds: number },
): Promise<Vm | null | 'not yet'> {
  try {
    return await client.vms.wait(ref, wanted);
  } catch (error) {
    const reason = error instanceof Error && 'reason' in error ? error.reason : null;
    if (reason === 'vm.wait_timeout') return 'not yet';
    if (reason === 'vm.unknown' && wanted.phase === 'absent') return null; // gone before we asked
    throw error;
  }
}

function timeoutError(ref: string, phase: string): CliError {
  return new CliError(`${ref} is not ${phase} after the time that was given.`, {
    exitCode: EXIT_CODES.precondition,
    reason: 'vm.wait_timeout',
    hint: `see where it is: volary get ${ref}`,
  });
}
