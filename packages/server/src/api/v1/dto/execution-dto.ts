import { isUtf8 } from 'node:buffer';
import type {
  Encoding,
  ExecEvent,
  ExecRequest as ExecRequestDto,
  Execution as ExecutionDto,
  FinishedExecution,
} from '@volary/contract';
import { type ExecRequest, type Execution, KEPT_OUTPUT_BYTES } from '../../../domain/execution/execution.ts';
import type { ExecutionUpdate } from '../../../engine/apis/execution-api.ts';
import { invalidFields } from '../../validation.ts';
import { toIso, toIsoOrNull } from './to-iso.ts';

const DEFAULT_TTY = { rows: 24, columns: 80 } as const;

/** The command that is asked for. Throws `invalid_argument` request.invalid unless it is told in exactly one of two ways. */
export function toExecRequest(body: ExecRequestDto): ExecRequest {
  return {
    argv: toArgv(body),
    env: body.env ?? {},
    cwd: body.cwd ?? '',
    user: body.user ?? '',
    tty: toTty(body.tty),
    hasStdin: typeof body.stdin === 'string' || body.stdin === true,
    timeoutMs: body.timeout_ms ?? 0,
  };
}

function toArgv({ argv, command }: ExecRequestDto): readonly string[] {
  if (argv !== undefined && command === undefined) return argv;
  if (command !== undefined && argv === undefined) return ['/bin/sh', '-c', command];
  throw invalidFields([
    { field: 'argv', message: 'or command is required, and not both', allowed: ['argv', 'command'] },
  ]);
}

function toTty(tty: ExecRequestDto['tty']): ExecRequest['tty'] {
  if (tty === undefined || tty === false) return null;
  return tty === true ? DEFAULT_TTY : tty;
}

/** An execution as `/v1` shows it. Its environment stays inside: it may hold secrets. */
export function toExecutionDto(execution: Execution): ExecutionDto {
  const { request } = execution;
  return {
    id: execution.id,
    vm_id: execution.vmId,
    incarnation: execution.incarnation,
    argv: [...request.argv],
    cwd: request.cwd,
    user: request.user,
    tty: request.tty === null ? null : { rows: request.tty.rows, columns: request.tty.columns },
    has_stdin: request.hasStdin,
    timeout_ms: request.timeoutMs,
    state: execution.state,
    exit_code: execution.exitCode,
    signal: execution.signal,
    timed_out: execution.timedOut,
    error: execution.error,
    stdout_bytes: execution.stdoutBytes,
    stderr_bytes: execution.stderrBytes,
    stdout_dropped_bytes: Math.max(0, execution.stdoutBytes - KEPT_OUTPUT_BYTES),
    stderr_dropped_bytes: Math.max(0, execution.stderrBytes - KEPT_OUTPUT_BYTES),
    truncated: execution.isTruncated,
    is_workload: execution.isWorkload,
    principal: execution.principal,
    owner: execution.owner,
    created_at: toIso(execution.createdAt),
    started_at: toIsoOrNull(execution.startedAt),
    completed_at: toIsoOrNull(execution.completedAt),
    duration_ms: durationOf(execution),
  };
}

/** A finished execution with its output. */
export function toFinishedDto(
  execution: Execution,
  output: { readonly stdout: Uint8Array; readonly stderr: Uint8Array },
): FinishedExecution {
  const stdout = toText(output.stdout);
  const stderr = toText(output.stderr);
  return {
    ...toExecutionDto(execution),
    stdout: stdout.data,
    stdout_encoding: stdout.encoding,
    stderr: stderr.data,
    stderr_encoding: stderr.encoding,
  };
}

/** One line of an exec stream. */
export function toExecEvent(update: ExecutionUpdate): ExecEvent {
  if (update.kind === 'completed') return { type: 'completed', execution: toExecutionDto(update.execution) };
  return { type: update.stream, offset: update.offset, ...toText(update.bytes) };
}

/** Bytes as a JSON string, without a loss: base64 unless they are valid UTF-8. */
/** Bytes as they stand in JSON. */
export function toText(bytes: Uint8Array): { readonly data: string; readonly encoding: Encoding } {
  const encoding = isUtf8(bytes) ? 'utf8' : 'base64';
  return { data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(encoding), encoding };
}

/** The wall clock may jump back between start and end. */
function durationOf({ startedAt, completedAt }: Execution): number | null {
  return startedAt === null || completedAt === null ? null : Math.max(0, completedAt - startedAt);
}
