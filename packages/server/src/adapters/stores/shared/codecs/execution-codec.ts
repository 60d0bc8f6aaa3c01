import { EXECUTION_STATES, type ExecRequest, type Execution } from '../../../../domain/execution/execution.ts';
import type { ExecutionRow } from '../rows/execution-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** An execution as a row. */
export function encodeExecution(execution: Execution): ExecutionRow {
  return {
    id: execution.id,
    vm_id: execution.vmId,
    incarnation: execution.incarnation,
    request: JSON.stringify(execution.request),
    state: execution.state,
    exit_code: execution.exitCode,
    signal: execution.signal,
    timed_out: execution.timedOut ? 1 : 0,
    error: execution.error,
    stdout_bytes: execution.stdoutBytes,
    stderr_bytes: execution.stderrBytes,
    is_truncated: execution.isTruncated ? 1 : 0,
    is_workload: execution.isWorkload ? 1 : 0,
    principal: execution.principal,
    owner: execution.owner,
    created_at: execution.createdAt,
    started_at: execution.startedAt,
    completed_at: execution.completedAt,
  };
}

/** The execution in a row. Throws `data_loss` store.damaged. */
export function decodeExecution(row: ExecutionRow): Execution {
  return readRow({ what: 'execution', id: row.id }, () => ({
    id: executionId(row.id, 'id'),
    vmId: vmId(row.vm_id, 'vm_id'),
    incarnation: read.count(row.incarnation, 'incarnation'),
    request: request(row.request, 'request'),
    state: state(row.state, 'state'),
    exitCode: optionalNumber(row.exit_code, 'exit_code'),
    signal: optionalText(row.signal, 'signal'),
    timedOut: read.flag(row.timed_out, 'timed_out'),
    error: optionalText(row.error, 'error'),
    stdoutBytes: read.count(row.stdout_bytes, 'stdout_bytes'),
    stderrBytes: read.count(row.stderr_bytes, 'stderr_bytes'),
    isTruncated: read.flag(row.is_truncated, 'is_truncated'),
    isWorkload: read.flag(row.is_workload, 'is_workload'),
    principal: read.text(row.principal, 'principal'),
    owner: read.text(row.owner, 'owner'),
    createdAt: read.number(row.created_at, 'created_at'),
    startedAt: optionalNumber(row.started_at, 'started_at'),
    completedAt: optionalNumber(row.completed_at, 'completed_at'),
  }));
}

const executionId = read.id('exec');
const vmId = read.id('vm');
const state = read.oneOf(EXECUTION_STATES);
const optionalNumber = read.nullable(read.number);
const optionalText = read.nullable(read.text);
const texts = read.list(read.text);
const environment = read.record(read.text);

const tty = read.nullable((value, field): NonNullable<ExecRequest['tty']> => {
  const stored = read.object(value, field);
  return {
    rows: read.count(stored['rows'], `${field}.rows`),
    columns: read.count(stored['columns'], `${field}.columns`),
  };
});

/** What was asked to be run. */
export const readExecRequest: read.Reader<ExecRequest> = (value, field) => {
  const stored = read.object(value, field);
  return {
    argv: texts(stored['argv'], `${field}.argv`),
    env: environment(stored['env'], `${field}.env`),
    cwd: read.text(stored['cwd'], `${field}.cwd`),
    user: read.text(stored['user'], `${field}.user`),
    tty: tty(stored['tty'], `${field}.tty`),
    hasStdin: read.boolean(stored['hasStdin'], `${field}.hasStdin`),
    timeoutMs: read.number(stored['timeoutMs'], `${field}.timeoutMs`),
  };
};

const request = read.json(readExecRequest);
