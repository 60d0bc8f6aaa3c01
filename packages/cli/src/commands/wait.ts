import { VM_HEALTHS, type Vm, type VmHealth } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { untilRunning } from '../deployments/wait-for-deployment.ts';
import { CliError, usageError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { finishOperation } from '../operations/finish-operation.ts';
import { parseCount, parseDurationMs } from '../parse-values.ts';
import { isPhase, PHASES } from '../phases.ts';

/** The server waits this long in one request at most. */
const REQUEST_MS = 60_000;

interface WaitOptions {
  readonly phase?: string;
  readonly health?: VmHealth;
  readonly incarnation?: number;
  readonly timeout?: number;
}

/** `volary wait OPERATION`, `volary wait VM --phase PHASE --health HEALTH`, or `volary wait DEPLOYMENT`. */
export function configureWait(command: Command, context: Context): void {
  command
    .argument('<ref>', 'a VM or a deployment (name or id), or the id of an operation')
    .option('--phase <phase>', `phase of the VM to wait for, or absent (default running): ${PHASES.join(', ')}`)
    .addOption(
      new Option(
        '--health <health>',
        'what its health check, or its agent, is to say of a VM; of a deployment: healthy, when all its replicas are',
      ).choices(VM_HEALTHS),
    )
    .option('--incarnation <n>', 'the incarnation of the VM to wait for, or a later one', parseCount(1))
    .addOption(
      new Option('--timeout <time>', 'how long to wait, such as 30s or 5m')
        .argParser(parseDurationMs)
        .default(300_000, '5m'),
    )
    .action((ref: string, options: Timed) => {
      if (ref.startsWith('op_')) return waitForOperation(context, ref, options);
      return ref.startsWith('dep_') ? waitForDeployment(context, ref, options) : waitForPhase(context, ref, options);
    });
}

type Wanted = Parameters<VolaryClient['vms']['wait']>[1];
type Timed = WaitOptions & { readonly timeout: number };

/** Until all replicas are as they are wanted, which is to be healthy. */
async function waitForDeployment(context: Context, ref: string, options: Timed): Promise<void> {
  const { phase = 'running', health = 'healthy', incarnation, timeout } = options;
  if (phase !== 'running' || health !== 'healthy' || incarnation !== undefined) {
    throw usageError(
      `${ref} is a deployment, which can be waited for until all its replicas are running and healthy.`,
      `volary wait ${ref} --health healthy`,
    );
  }
  const deployment = await untilRunning(context, await connect(context), ref, timeout);
  if (context.globals.json === true) printJson(context, deployment);
}

/** Whether there is a deployment of this name, which somebody may have meant who names no VM. */
async function isDeployment(client: VolaryClient, ref: string): Promise<boolean> {
  return await client.deployments.get(ref).then(
    () => true,
    () => false,
  );
}

async function waitForOperation(context: Context, id: string, options: Timed): Promise<void> {
  if (options.phase !== undefined || options.health !== undefined || options.incarnation !== undefined)
    throw usageError('--phase, --health and --incarnation are for a VM, and this is an operation.');
  const client = await connect(context);
  const operation = await client.operations.get(id);
  const what = `${operation.kind} ${operation.subject.name}`;
  const final = await finishOperation(
    context,
    client,
    operation,
    { doing: what, done: what },
    { timeoutMs: options.timeout },
  );
  if (context.globals.json === true) printJson(context, final);
}

async function waitForPhase(context: Context, ref: string, options: Timed): Promise<void> {
  const phase = options.phase ?? 'running';
  if (phase !== 'absent' && !isPhase(phase)) {
    throw usageError(`There is no phase ${phase}.`, `phases: ${PHASES.join(', ')}, absent`);
  }
  const client = await connect(context);
  const { incarnation, health } = options;
  const life = incarnation === undefined ? {} : { incarnation };
  const wanted: Wanted = { phase, ...life, ...(health === undefined ? {} : { health }) };
  const deadline = performance.now() + options.timeout;
  for (;;) {
    const leftMs = Math.max(0, deadline - performance.now());
    const timeoutSeconds = Math.ceil(Math.min(REQUEST_MS, leftMs) / 1000);
    const outcome = await waitOnce(client, ref, { ...wanted, timeoutSeconds }).catch(async (error: unknown) => {
      if (reasonOf(error) !== 'vm.unknown' || !(await isDeployment(client, ref))) throw error;
      return 'a deployment' as const;
    });
    if (outcome === 'a deployment') return await waitForDeployment(context, ref, options);
    if (outcome !== 'not yet') {
      if (context.globals.json === true) printJson(context, outcome);
      return;
    }
    if (leftMs <= REQUEST_MS) throw timeoutError(ref, health === undefined ? phase : `${phase} and ${health}`);
  }
}

/** The VM in the phase, null if it is gone as was waited for. */
async function waitOnce(client: VolaryClient, ref: string, wanted: Wanted): Promise<Vm | null | 'not yet'> {
  try {
    return await client.vms.wait(ref, wanted);
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === 'vm.wait_timeout') return 'not yet';
    if (reason === 'vm.unknown' && wanted.phase === 'absent') return null; // gone before we asked
    throw error;
  }
}

function reasonOf(error: unknown): unknown {
  return error instanceof Error && 'reason' in error ? error.reason : null;
}

function timeoutError(ref: string, phase: string): CliError {
  return new CliError(`${ref} is not ${phase} after the time that was given.`, {
    exitCode: EXIT_CODES.precondition,
    reason: 'vm.wait_timeout',
    hint: `see where it is: volary get ${ref}`,
  });
}
