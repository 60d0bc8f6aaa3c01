import type { VmSpec } from '../../../../domain/vm/spec.ts';
import type { HealthCheck, Probe } from '../../../../domain/workload/health-check.ts';
import { ACTION_METHODS, type OpenapiSource, type WorkloadAction } from '../../../../domain/workload/interface.ts';
import { WORKLOAD_RESTARTS, WORKLOAD_TYPES, type Workload } from '../../../../domain/workload/workload.ts';
import * as read from './read-value.ts';

/** What runs in a VM, as fields of its spec. */
export type WorkloadFields = Pick<VmSpec, 'environment' | 'workload' | 'healthCheck' | 'openapi' | 'actions'>;

/** These fields of a stored spec, defaults filled in. */
export function decodeWorkloadFields(
  stored: Readonly<Record<keyof WorkloadFields, unknown>>,
  field: string,
): WorkloadFields {
  return {
    environment: texts(stored.environment, `${field}.environment`),
    workload: workload(stored.workload, `${field}.workload`),
    healthCheck: healthCheck(stored.healthCheck, `${field}.healthCheck`),
    openapi: openapi(stored.openapi, `${field}.openapi`),
    actions: actions(stored.actions, `${field}.actions`),
  };
}

const texts = read.record(read.text);
const argv = read.list(read.text);
const optionalArgv = read.nullable(argv);
const workloadType = read.oneOf(WORKLOAD_TYPES);
const workloadRestart = read.oneOf(WORKLOAD_RESTARTS);
const probeType = read.oneOf(['http', 'tcp', 'exec']);
const openapiKind = read.oneOf(['document', 'path']);
const method = read.oneOf(ACTION_METHODS);
const optionalCount = read.nullable(read.count);

/** Also of a machine. */
export const workload = read.nullable((value, field): Workload => {
  const stored = read.object(value, field);
  return {
    type: workloadType(stored['type'], `${field}.type`),
    argv: optionalArgv(stored['argv'], `${field}.argv`),
    port: optionalCount(stored['port'], `${field}.port`),
    basePath: read.text(stored['basePath'], `${field}.basePath`),
    environment: texts(stored['environment'], `${field}.environment`),
    workingDirectory: read.text(stored['workingDirectory'], `${field}.workingDirectory`),
    user: read.text(stored['user'], `${field}.user`),
    restart: workloadRestart(stored['restart'], `${field}.restart`),
    restartDelayMs: read.count(stored['restartDelayMs'], `${field}.restartDelayMs`),
    longestRestartDelayMs: read.count(stored['longestRestartDelayMs'], `${field}.longestRestartDelayMs`),
  };
});

/** Also of a machine. */
export const healthCheck = read.nullable((value, field): HealthCheck => {
  const stored = read.object(value, field);
  const count = (name: string): number => read.count(stored[name], `${field}.${name}`);
  return {
    probe: probe(stored['probe'], `${field}.probe`),
    intervalMs: count('intervalMs'),
    timeoutMs: count('timeoutMs'),
    startPeriodMs: count('startPeriodMs'),
    healthyThreshold: count('healthyThreshold'),
    unhealthyThreshold: count('unhealthyThreshold'),
  };
});

function probe(value: unknown, field: string): Probe {
  const stored = read.object(value, field);
  const type = probeType(stored['type'], `${field}.type`);
  if (type === 'exec') return { type, argv: argv(stored['argv'], `${field}.argv`) };
  const port = read.count(stored['port'], `${field}.port`);
  if (type === 'tcp') return { type, port };
  const statuses = read.object(stored['statuses'], `${field}.statuses`);
  return {
    type,
    port,
    path: read.text(stored['path'], `${field}.path`),
    statuses: {
      minimum: read.count(statuses['minimum'], `${field}.statuses.minimum`),
      maximum: read.count(statuses['maximum'], `${field}.statuses.maximum`),
    },
  };
}

const openapi = read.nullable((value, field): OpenapiSource => {
  const stored = read.object(value, field);
  const kind = openapiKind(stored['kind'], `${field}.kind`);
  if (kind === 'path') return { kind, path: read.text(stored['path'], `${field}.path`) };
  return { kind, document: read.parsedObject(stored['document'], `${field}.document`) };
});

const actions = read.record((value, field): WorkloadAction => {
  const stored = read.object(value, field);
  return {
    description: read.text(stored['description'], `${field}.description`),
    method: method(stored['method'], `${field}.method`),
    path: read.text(stored['path'], `${field}.path`),
    timeoutMs: read.count(stored['timeoutMs'], `${field}.timeoutMs`),
  };
});
