import { VolaryError } from '../errors.ts';
import type { ExecutionId } from '../ids.ts';
import type { EpochMs } from '../time.ts';

/** `http`, `tcp`: listens at its port. `daemon`: runs for ever. `batch`: runs to its end. */
export const WORKLOAD_TYPES = ['http', 'tcp', 'daemon', 'batch'] as const;
export type WorkloadType = (typeof WORKLOAD_TYPES)[number];

/** What follows when it ends. `on-failure`: it is started again unless it exited with 0. */
export const WORKLOAD_RESTARTS = ['always', 'on-failure', 'never'] as const;
export type WorkloadRestart = (typeof WORKLOAD_RESTARTS)[number];

/** What a VM is there for: one program that its guest keeps running. */
export interface Workload {
  readonly type: WorkloadType;
  /** Null: the image runs it by itself, and only its port and its health are our business. */
  readonly argv: readonly string[] | null;
  /** Where it listens; null: nowhere that is known. */
  readonly port: number | null;
  /** What the paths of its HTTP interface begin with: empty, or `/…` without a slash at the end. */
  readonly basePath: string;
  /** Its own variables, which go before those of the VM. */
  readonly environment: Readonly<Record<string, string>>;
  /** Empty: the user's home. */
  readonly workingDirectory: string;
  /** Empty: root. */
  readonly user: string;
  readonly restart: WorkloadRestart;
  /** Before the first restart, doubled with each that follows soon, up to the longest. Milliseconds. */
  readonly restartDelayMs: number;
  readonly longestRestartDelayMs: number;
}

/** What was asked for; the rest has defaults. */
export interface AskedWorkload {
  readonly type: WorkloadType;
  /** A line for the shell; or the program with its arguments: one of them. */
  readonly command?: string;
  readonly entrypoint?: readonly string[];
  readonly args?: readonly string[];
  readonly port?: number;
  /** `http://127.0.0.1:8080/base`. */
  readonly baseUrl?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly user?: string;
  readonly restart?: WorkloadRestart;
  readonly restartDelayMs?: number;
  readonly longestRestartDelayMs?: number;
}

/**
 * starting   its guest has not been told of it yet, or has not answered
 * running    it runs
 * waiting    a run has ended, and the next one begins when the delay is over
 * completed  it is over: the last run exited with 0
 * failed     it is over: the last run did not, or it could not be started at all
 * lost       its machine ended under it
 */
export const WORKLOAD_STATES = ['starting', 'running', 'waiting', 'completed', 'failed', 'lost'] as const;
export type WorkloadState = (typeof WORKLOAD_STATES)[number];

/** How it is, in the present life of its VM. */
export interface WorkloadStatus {
  readonly executionId: ExecutionId | null;
  /** That life. */
  readonly incarnation: number;
  readonly state: WorkloadState;
  /** How often it was started. */
  readonly runs: number;
  readonly lastExitCode: number | null;
  /** Name of a signal. */
  readonly lastSignal: string | null;
  readonly lastExitAt: EpochMs | null;
  /** Why it could not be started. */
  readonly message: string | null;
}

/** Bounds, inclusive. */
export const WORKLOAD_LIMITS = {
  arguments: 256,
  /** Of the command, and of all arguments together, characters. */
  commandLength: 8_192,
  /** Milliseconds. */
  delayMs: { minimum: 100, maximum: 3_600_000 },
} as const;
const DEFAULT_DELAY_MS = 500;
const DEFAULT_LONGEST_DELAY_MS = 60_000;

const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]', '0.0.0.0'];
const BASE_URL = /^(https?):\/\/(\[[0-9a-fA-F:]+\]|[^/:?#]+)(?::(\d{1,5}))?(\/[^?#\s]*)?$/;

/** With defaults. Throws `invalid_argument` workload.invalid, naming the field below `field`. */
export function completeWorkload(asked: AskedWorkload, field = 'workload'): Workload {
  const { type } = asked;
  const base = asked.baseUrl === undefined ? null : readBaseUrl(asked.baseUrl, `${field}.base_url`);
  const argv = argvOf(asked, field);
  checkLength(argv ?? [], `${field}.command`);
  const port = asked.port ?? base?.port ?? null;
  if (base !== null) checkBase(base, { type, port }, field);
  if ((type === 'http' || type === 'tcp') && port === null)
    throw invalidWorkload(`${field}.port`, `A workload of type ${type} needs its port.`);
  if ((type === 'daemon' || type === 'batch') && argv === null)
    throw invalidWorkload(`${field}.command`, `A workload of type ${type} needs a command or an entrypoint.`);
  const restart = asked.restart ?? (type === 'batch' ? 'never' : 'always');
  if (type === 'batch' && restart === 'always')
    throw invalidWorkload(`${field}.restart`, 'A batch ends; started again it is on-failure or never.');
  return {
    type,
    argv,
    port,
    basePath: base?.path ?? '',
    environment: asked.environment ?? {},
    workingDirectory: asked.workingDirectory ?? '',
    user: asked.user ?? '',
    restart,
    ...delaysOf(asked, field),
  };
}

function checkBase(
  base: { readonly port: number },
  { type, port }: Pick<Workload, 'type' | 'port'>,
  field: string,
): void {
  if (base.port !== port) throw invalidWorkload(`${field}.base_url`, 'base_url and port name different ports.');
  if (type !== 'http') throw invalidWorkload(`${field}.base_url`, 'Only an http workload has a base_url.');
}

function delaysOf(asked: AskedWorkload, field: string): Pick<Workload, 'restartDelayMs' | 'longestRestartDelayMs'> {
  const restartDelayMs = asked.restartDelayMs ?? DEFAULT_DELAY_MS;
  const longestRestartDelayMs = asked.longestRestartDelayMs ?? Math.max(DEFAULT_LONGEST_DELAY_MS, restartDelayMs);
  checkDelay(`${field}.restart_delay_ms`, restartDelayMs);
  checkDelay(`${field}.restart_max_delay_ms`, longestRestartDelayMs);
  if (longestRestartDelayMs < restartDelayMs)
    throw invalidWorkload(`${field}.restart_max_delay_ms`, 'The longest delay cannot be shorter than the first.');
  return { restartDelayMs, longestRestartDelayMs };
}

function argvOf({ command, entrypoint, args }: AskedWorkload, field: string): readonly string[] | null {
  if (command !== undefined && entrypoint !== undefined)
    throw invalidWorkload(`${field}.entrypoint`, 'Give command or entrypoint, not both.');
  if (args !== undefined && entrypoint === undefined)
    throw invalidWorkload(`${field}.args`, 'args go with an entrypoint.');
  if (command !== undefined) return ['/bin/sh', '-c', command];
  return entrypoint === undefined ? null : [...entrypoint, ...(args ?? [])];
}

/** Throws `invalid_argument` workload.invalid: what goes to a guest in one piece has its bounds. */
function checkLength(argv: readonly string[], field: string): void {
  const length = argv.reduce((sum, each) => sum + each.length, 0);
  if (length <= WORKLOAD_LIMITS.commandLength + 16 && argv.length <= 2 * WORKLOAD_LIMITS.arguments) return;
  throw invalidWorkload(field, `Its arguments have ${length} characters; at most ${WORKLOAD_LIMITS.commandLength}.`);
}

function readBaseUrl(text: string, field: string): { readonly port: number; readonly path: string } {
  const [, scheme, host = '', port, path = ''] = BASE_URL.exec(text) ?? [];
  if (scheme === undefined) throw invalidWorkload(field, 'base_url is not a URL.');
  if (scheme !== 'http') throw invalidWorkload(field, 'Within its guest a workload is spoken to by http alone.');
  if (!LOOPBACK_HOSTS.includes(host))
    throw invalidWorkload(field, `base_url is within the guest: its host is one of ${LOOPBACK_HOSTS.join(', ')}.`);
  const number = port === undefined ? 80 : Number(port);
  if (number < 1 || number > 65_535) throw invalidWorkload(field, 'base_url has no such port.');
  return { port: number, path: path.replace(/\/+$/, '') };
}

function checkDelay(field: string, value: number): void {
  const { minimum, maximum } = WORKLOAD_LIMITS.delayMs;
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  throw invalidWorkload(field, `It must be a whole number from ${minimum} to ${maximum}.`);
}

function invalidWorkload(field: string, message: string): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'workload.invalid', details: { field } });
}
