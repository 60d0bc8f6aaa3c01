import type { ExecRequest } from '../../../domain/execution/execution.ts';
import { type ExecutionId, uuidOf } from '../../../domain/ids.ts';
import type { Abortable, GuestProcess } from '../../../ports/guest-link.ts';
import { PAYLOAD_MAX_BYTES } from './frame.ts';
import { attachRefusalError, requestTooLong, startRefusalError } from './guest-errors.ts';
import { EXEC_FLAGS, encodeOpenExec } from './messages/execution.ts';
import type { StreamTable } from './stream-table.ts';
import { type ExecutionRequest, ExecutionStream } from './streams/execution.ts';
import type { KeptOutput } from './streams/execution-output.ts';

/** Starts a command, or attaches to it if the guest knows its id. See `GuestLink.exec`. */
export async function startCommand(
  table: StreamTable,
  id: ExecutionId,
  request: ExecRequest,
  { signal }: Abortable,
): Promise<GuestProcess> {
  const open = (kept: KeptOutput, isAttachOnly: boolean): Uint8Array =>
    isAttachOnly ? encodeAttach(id, kept) : encodeStart(id, request, kept);
  const kept = { stdoutBytes: 0, stderrBytes: 0 };
  // Made once in advance: what does not fit is the caller's fault, not the session's.
  if (open(kept, false).length > PAYLOAD_MAX_BYTES) throw requestTooLong();
  const { hasStdin } = request;
  const asked = { open, isAttachOnly: false, kept, hasStdin, toError: startRefusalError };
  return (await openExecution(table, asked, signal)).process;
}

/** Attaches to a command without ever starting it. See `GuestLink.attach`. */
export async function attachToCommand(
  table: StreamTable,
  id: ExecutionId,
  kept: KeptOutput,
  { signal }: Abortable,
): Promise<GuestProcess> {
  const open = (known: KeptOutput): Uint8Array => encodeAttach(id, known);
  const request = { open, isAttachOnly: true, kept, hasStdin: true, toError: attachRefusalError };
  return (await openExecution(table, request, signal)).process;
}

/** Opens a stream to a command, and waits until it is attached. */
export async function openExecution(
  table: StreamTable,
  request: ExecutionRequest,
  signal: AbortSignal,
): Promise<{ readonly process: GuestProcess; readonly stream: ExecutionStream }> {
  signal.throwIfAborted();
  const stream: ExecutionStream = new ExecutionStream(request, () => table.withdraw(stream));
  const onAbort = (): void => stream.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  table.add(stream);
  try {
    return { process: await stream.started, stream };
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function encodeStart(id: ExecutionId, request: ExecRequest, kept: KeptOutput): Uint8Array {
  const { argv, env, cwd, user, tty, hasStdin, timeoutMs } = request;
  return encodeOpenExec({
    executionId: idBytes(id),
    flags: (tty === null ? 0 : EXEC_FLAGS.TTY) | (hasStdin ? EXEC_FLAGS.STDIN : 0),
    timeoutMs,
    user,
    cwd,
    argv,
    env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    rows: tty?.rows ?? 0,
    columns: tty?.columns ?? 0,
    ...acknowledgedBy(kept),
  });
}

function encodeAttach(id: ExecutionId, kept: KeptOutput): Uint8Array {
  return encodeOpenExec({
    executionId: idBytes(id),
    flags: EXEC_FLAGS.ATTACH_ONLY,
    timeoutMs: 0,
    user: '',
    cwd: '',
    argv: [],
    env: [],
    rows: 0,
    columns: 0,
    ...acknowledgedBy(kept),
  });
}

function acknowledgedBy({ stdoutBytes, stderrBytes }: KeptOutput) {
  return { stdoutAcknowledged: BigInt(stdoutBytes), stderrAcknowledged: BigInt(stderrBytes) };
}

function idBytes(id: ExecutionId): Uint8Array {
  return Buffer.from(uuidOf(id).replaceAll('-', ''), 'hex');
}
