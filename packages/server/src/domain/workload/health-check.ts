import { VolaryError } from '../errors.ts';
import type { Workload } from './workload.ts';

/** How it is asked. */
export type Probe =
  | { readonly type: 'http'; readonly port: number; readonly path: string; readonly statuses: StatusRange }
  | { readonly type: 'tcp'; readonly port: number }
  | { readonly type: 'exec'; readonly argv: readonly string[] };

/** Inclusive. */
export interface StatusRange {
  readonly minimum: number;
  readonly maximum: number;
}

/** How it is found out whether a VM does its work. Times are milliseconds. */
export interface HealthCheck {
  readonly probe: Probe;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** For so long after the start of a life a check that fails does not count. */
  readonly startPeriodMs: number;
  /** So many in a row that succeed make it healthy, so many that fail unhealthy. */
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

/** What was asked for; the rest has defaults. */
export interface AskedHealthCheck {
  readonly type: Probe['type'];
  readonly port?: number;
  readonly path?: string;
  /** `200` or `200-399`. */
  readonly expectedStatus?: number | string;
  readonly command?: string;
  readonly argv?: readonly string[];
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly startPeriodMs?: number;
  readonly healthyThreshold?: number;
  readonly unhealthyThreshold?: number;
}

/** Inclusive bounds. */
export const HEALTH_CHECK_LIMITS = {
  intervalMs: { minimum: 500, maximum: 3_600_000 },
  timeoutMs: { minimum: 100, maximum: 60_000 },
  startPeriodMs: { minimum: 0, maximum: 3_600_000 },
  threshold: { minimum: 1, maximum: 100 },
} as const;

const DEFAULTS = {
  intervalMs: 10_000,
  timeoutMs: 5_000,
  startPeriodMs: 30_000,
  healthyThreshold: 1,
  unhealthyThreshold: 3,
} as const;
const GOOD: StatusRange = { minimum: 200, maximum: 399 };
/** Whoever answers that a page is not there, or not for everybody, is there. */
const ANY_ANSWER: StatusRange = { minimum: 100, maximum: 499 };
const STATUSES = /^([1-5]\d{2})(?:-([1-5]\d{2}))?$/;

/** What a workload is checked by where nobody has said it: whether it answers at its port. Null: nothing can be asked of it. */
export function defaultHealthCheck({ type, port, basePath }: Workload): HealthCheck | null {
  if (port === null) return null;
  if (type === 'http') return { ...DEFAULTS, probe: { type, port, path: `${basePath}/`, statuses: ANY_ANSWER } };
  return type === 'tcp' ? { ...DEFAULTS, probe: { type, port } } : null;
}

/** With defaults. Throws `invalid_argument` health_check.invalid, naming the field below `field`. */
export function completeHealthCheck(
  asked: AskedHealthCheck,
  workload: Workload | null,
  field = 'health_check',
): HealthCheck {
  const check: HealthCheck = {
    probe: probeOf(asked, workload, field),
    intervalMs: asked.intervalMs ?? DEFAULTS.intervalMs,
    timeoutMs: asked.timeoutMs ?? DEFAULTS.timeoutMs,
    startPeriodMs: asked.startPeriodMs ?? DEFAULTS.startPeriodMs,
    healthyThreshold: asked.healthyThreshold ?? DEFAULTS.healthyThreshold,
    unhealthyThreshold: asked.unhealthyThreshold ?? DEFAULTS.unhealthyThreshold,
  };
  const { intervalMs, timeoutMs, startPeriodMs, threshold } = HEALTH_CHECK_LIMITS;
  checkRange(`${field}.interval_ms`, check.intervalMs, intervalMs);
  checkRange(`${field}.timeout_ms`, check.timeoutMs, timeoutMs);
  checkRange(`${field}.start_period_ms`, check.startPeriodMs, startPeriodMs);
  checkRange(`${field}.healthy_threshold`, check.healthyThreshold, threshold);
  checkRange(`${field}.unhealthy_threshold`, check.unhealthyThreshold, threshold);
  return check;
}

/** As it is written: `200-399`, or one number. */
export function formatStatuses({ minimum, maximum }: StatusRange): string {
  return minimum === maximum ? `${minimum}` : `${minimum}-${maximum}`;
}

function probeOf(asked: AskedHealthCheck, workload: Workload | null, field: string): Probe {
  const { type, command, argv, path, expectedStatus } = asked;
  const isOf = (types: readonly Probe['type'][], name: string, value: unknown): void => {
    if (value !== undefined && !types.includes(type))
      throw invalidCheck(`${field}.${name}`, `A check of type ${type} has no ${name}.`);
  };
  isOf(['http'], 'path', path);
  isOf(['http'], 'expected_status', expectedStatus);
  isOf(['http', 'tcp'], 'port', asked.port);
  isOf(['exec'], 'command', command);
  isOf(['exec'], 'argv', argv);
  if (type === 'exec') return { type, argv: execOf(asked, field) };
  const port = asked.port ?? workload?.port ?? null;
  if (port === null) throw invalidCheck(`${field}.port`, `A check of type ${type} needs a port.`);
  if (type === 'tcp') return { type, port };
  const statuses = expectedStatus === undefined ? GOOD : readStatuses(expectedStatus, `${field}.expected_status`);
  return { type, port, path: path ?? '/', statuses };
}

function execOf({ command, argv }: AskedHealthCheck, field: string): readonly string[] {
  if (command !== undefined && argv === undefined) return ['/bin/sh', '-c', command];
  if (command === undefined && argv !== undefined) return argv;
  throw invalidCheck(`${field}.command`, 'An exec check has either a command or an argv.');
}

function readStatuses(asked: number | string, field: string): StatusRange {
  const [, first, last = first] = STATUSES.exec(`${asked}`) ?? [];
  if (first !== undefined && Number(first) <= Number(last)) return { minimum: Number(first), maximum: Number(last) };
  throw invalidCheck(field, 'It is a status from 100 to 599, or a range of them such as 200-399.');
}

function checkRange(field: string, value: number, range: { readonly minimum: number; readonly maximum: number }): void {
  if (Number.isInteger(value) && value >= range.minimum && value <= range.maximum) return;
  throw invalidCheck(field, `It must be a whole number from ${range.minimum} to ${range.maximum}.`);
}

function invalidCheck(field: string, message: string): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'health_check.invalid', details: { field } });
}
