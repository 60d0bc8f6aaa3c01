import type {
  CreateVmRequest,
  HealthCheckRequest,
  VmAction,
  WorkloadRequest,
  WorkloadStatus as WorkloadStatusDto,
} from '@volary/contract';
import type { VmSpec } from '../../../domain/vm/spec.ts';
import { type AskedHealthCheck, completeHealthCheck } from '../../../domain/workload/health-check.ts';
import {
  type AskedOpenapi,
  DEFAULT_ACTION_TIMEOUT_MS,
  type WorkloadAction,
} from '../../../domain/workload/interface.ts';
import {
  type AskedWorkload,
  completeWorkload,
  type Workload,
  type WorkloadStatus,
} from '../../../domain/workload/workload.ts';
import { toIsoOrNull } from './to-iso.ts';

type WorkloadFields = Pick<CreateVmRequest, 'environment' | 'workload' | 'health_check' | 'openapi' | 'actions'>;
type WorkloadSpec = Partial<Pick<VmSpec, 'environment' | 'workload' | 'healthCheck' | 'actions'>> & {
  readonly openapi?: AskedOpenapi | null;
};

/**
 * What was asked for of what runs in a VM, as a part of its spec. `base`: the workload that a check without a port is of, where none
 * is asked for. Throws `invalid_argument` workload.invalid, health_check.invalid.
 */
export function toWorkloadSpec(
  { environment, workload, health_check, openapi, actions }: WorkloadFields,
  base: Workload | null = null,
): WorkloadSpec {
  const asked = workload === undefined || workload === null ? workload : completeWorkload(toAskedWorkload(workload));
  const check =
    health_check === undefined || health_check === null
      ? health_check
      : completeHealthCheck(toAskedCheck(health_check), asked === undefined ? base : asked);
  return {
    ...(environment === undefined ? {} : { environment }),
    ...(asked === undefined ? {} : { workload: asked }),
    ...(check === undefined ? {} : { healthCheck: check }),
    ...(openapi === undefined ? {} : { openapi: openapi === null ? null : toOpenapiSource(openapi) }),
    ...(actions === undefined ? {} : { actions: mapValues(actions, toAction) }),
  };
}

export function toWorkloadStatusDto(status: WorkloadStatus): WorkloadStatusDto {
  return {
    execution_id: status.executionId,
    state: status.state,
    runs: status.runs,
    last_exit_code: status.lastExitCode,
    last_signal: status.lastSignal,
    last_exit_at: toIsoOrNull(status.lastExitAt),
    message: status.message,
  };
}

function toAskedWorkload({
  base_url,
  working_dir,
  restart_delay_ms,
  restart_max_delay_ms,
  ...same
}: WorkloadRequest): AskedWorkload {
  return {
    ...same,
    ...(base_url === undefined ? {} : { baseUrl: base_url }),
    ...(working_dir === undefined ? {} : { workingDirectory: working_dir }),
    ...(restart_delay_ms === undefined ? {} : { restartDelayMs: restart_delay_ms }),
    ...(restart_max_delay_ms === undefined ? {} : { longestRestartDelayMs: restart_max_delay_ms }),
  };
}

function toAskedCheck(asked: HealthCheckRequest): AskedHealthCheck {
  const { expected_status, interval_ms, timeout_ms, start_period_ms, healthy_threshold, unhealthy_threshold, ...same } =
    asked;
  return {
    ...same,
    ...(expected_status === undefined ? {} : { expectedStatus: expected_status }),
    ...(interval_ms === undefined ? {} : { intervalMs: interval_ms }),
    ...(timeout_ms === undefined ? {} : { timeoutMs: timeout_ms }),
    ...(start_period_ms === undefined ? {} : { startPeriodMs: start_period_ms }),
    ...(healthy_threshold === undefined ? {} : { healthyThreshold: healthy_threshold }),
    ...(unhealthy_threshold === undefined ? {} : { unhealthyThreshold: unhealthy_threshold }),
  };
}

function toOpenapiSource(asked: NonNullable<WorkloadFields['openapi']>): AskedOpenapi {
  if (typeof asked !== 'string') return { kind: 'document', document: asked };
  return asked.startsWith('/') ? { kind: 'path', path: asked } : { kind: 'url', url: asked };
}

function toAction({
  description = '',
  method,
  path,
  timeout_ms = DEFAULT_ACTION_TIMEOUT_MS,
}: VmAction): WorkloadAction {
  return { description, method, path, timeoutMs: timeout_ms };
}

function mapValues<T, U>(values: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}
