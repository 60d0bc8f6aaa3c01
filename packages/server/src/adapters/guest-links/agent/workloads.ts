import { VolaryError } from '../../../domain/errors.ts';
import { type ExecutionId, uuidOf } from '../../../domain/ids.ts';
import type { Abortable, GuestInfo, SupervisedProcess, SupervisedRequest } from '../../../ports/guest-link.ts';
import { openExecution } from './executions.ts';
import { PAYLOAD_MAX_BYTES } from './frame.ts';
import { requestTooLong, startRefusalError } from './guest-errors.ts';
import { EXEC_FLAGS, encodeOpenExec } from './messages/execution.ts';
import { CONTROLS, encodeControl, encodePolicy, RESTARTS } from './messages/supervision.ts';
import type { StreamTable } from './stream-table.ts';
import type { KeptOutput } from './streams/execution-output.ts';
import { RunReports } from './streams/run-reports.ts';

/** What an agent that can do it says so by. */
const CAPABILITY = 'supervise';

/** Starts the guest's workload, or attaches to it. See `GuestLink.supervise`. */
export async function superviseWorkload(
  { table, info }: { readonly table: StreamTable; readonly info: GuestInfo },
  id: ExecutionId,
  request: SupervisedRequest,
  kept: KeptOutput,
  { signal }: Abortable,
): Promise<SupervisedProcess> {
  if (!info.capabilities.includes(CAPABILITY)) throw tooOld();
  const open = (known: KeptOutput, isAttachOnly: boolean): Uint8Array =>
    encodeSupervise(id, request, known, isAttachOnly);
  if (open(kept, false).length > PAYLOAD_MAX_BYTES) throw requestTooLong();
  const runs = new RunReports();
  const asked = { open, isAttachOnly: false, kept, hasStdin: false, toError: startRefusalError, runs };
  const { process, stream } = await openExecution(table, asked, signal);
  return {
    ...process,
    listen: (listener) => runs.listen(listener),
    control: (what, { graceMs }) => stream.control(encodeControl(CONTROLS[what], graceMs)),
  };
}

function encodeSupervise(
  id: ExecutionId,
  { argv, env, cwd, user, restart, delayMs, longestDelayMs, steadyMs }: SupervisedRequest,
  kept: KeptOutput,
  isAttachOnly: boolean,
): Uint8Array {
  const request = encodeOpenExec({
    executionId: Buffer.from(uuidOf(id).replaceAll('-', ''), 'hex'),
    flags: EXEC_FLAGS.SUPERVISED | (isAttachOnly ? EXEC_FLAGS.ATTACH_ONLY : 0),
    timeoutMs: 0,
    user,
    cwd,
    argv,
    env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    rows: 0,
    columns: 0,
    stdoutAcknowledged: BigInt(kept.stdoutBytes),
    stderrAcknowledged: BigInt(kept.stderrBytes),
  });
  return Buffer.concat([request, encodePolicy({ restart: RESTARTS[restart], delayMs, longestDelayMs, steadyMs })]);
}

function tooOld(): VolaryError {
  return new VolaryError(
    'unsupported',
    'The agent in this guest is of an older image and runs no workloads; make the VM anew.',
    { reason: 'guest.no_workloads' },
  );
}
