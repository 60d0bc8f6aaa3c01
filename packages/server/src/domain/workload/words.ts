/** What runs in a VM, in the words of the API: they stand in what it shows, and in the document by which changes of a VM are named. */
import type { JsonObject } from '../json.ts';
import type { VmSpec } from '../vm/spec.ts';
import { formatStatuses, type HealthCheck } from './health-check.ts';
import type { OpenapiSource } from './interface.ts';
import type { Workload } from './workload.ts';

export function workloadWords(workload: Workload | null) {
  if (workload === null) return null;
  const { type, argv, port, basePath, environment, workingDirectory, user, restart } = workload;
  return {
    type,
    entrypoint: argv,
    port,
    base_url: type === 'http' && port !== null ? `http://127.0.0.1:${port}${basePath}` : null,
    environment,
    working_dir: workingDirectory,
    user,
    restart,
    restart_delay_ms: workload.restartDelayMs,
    restart_max_delay_ms: workload.longestRestartDelayMs,
  };
}

export function healthCheckWords(check: HealthCheck | null) {
  if (check === null) return null;
  const { probe } = check;
  return {
    type: probe.type,
    port: probe.type === 'exec' ? null : probe.port,
    path: probe.type === 'http' ? probe.path : null,
    expected_status: probe.type === 'http' ? formatStatuses(probe.statuses) : null,
    argv: probe.type === 'exec' ? probe.argv : null,
    interval_ms: check.intervalMs,
    timeout_ms: check.timeoutMs,
    start_period_ms: check.startPeriodMs,
    healthy_threshold: check.healthyThreshold,
    unhealthy_threshold: check.unhealthyThreshold,
  };
}

export function openapiWords(source: OpenapiSource | null): JsonObject | string | null {
  if (source === null) return null;
  return source.kind === 'document' ? source.document : source.path;
}

export function actionWords(actions: VmSpec['actions']) {
  return Object.fromEntries(
    Object.entries(actions).map(([name, { description, method, path, timeoutMs }]) => [
      name,
      { description, method, path, timeout_ms: timeoutMs },
    ]),
  );
}
