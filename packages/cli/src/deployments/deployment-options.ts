import type { DeploymentAutoscaling, ReplicaRequest, UpdateDeploymentRequest } from '@volary/contract';
import { type Command, InvalidArgumentError } from 'commander';
import { usageError } from '../errors.ts';
import { type AlertOptions, addAlertOptions, alertRequest } from '../operations/alert-options.ts';
import { addWorkloadOptions, type WorkloadOptions, workloadRequest } from '../operations/workload-options.ts';
import {
  collectEnvironment,
  collectList,
  collectPairs,
  parseCount,
  parseDiskGib,
  parseDurationMs,
  parseMemoryMib,
} from '../parse-values.ts';
import { addSecretOption, type SecretOptions, secretsRequest } from '../secrets/given-secrets.ts';

/** What a deployment's replicas are, how many there are, and how they are replaced. */
export interface DeploymentOptions extends SecretOptions, AlertOptions, Omit<WorkloadOptions, 'waitHealthy'> {
  readonly replicas?: number;
  readonly template?: string;
  readonly image?: string;
  readonly vcpus?: number;
  readonly memory?: number;
  readonly disk?: number;
  readonly tool?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly label?: Readonly<Record<string, string>>;
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
  readonly minReady?: number;
  readonly deadline?: number;
  readonly autoscale?: DeploymentAutoscaling | 'off';
  readonly target?: number;
  readonly metric?: 'cpu' | 'memory';
}

export function addDeploymentOptions(command: Command): Command {
  return addSecretOption(addAlertOptions(addWorkloadOptions(command)))
    .option('--replicas <n>', 'the wanted number of replicas', parseCount(0))
    .option('--template <template>', 'the template of each, as name or name@version')
    .option('--image <image>', 'image of each, if the template has none')
    .option('--vcpus <n>', 'virtual processors of each', parseCount(1))
    .option('--memory <size>', 'memory of each, for example 512m or 2g', parseMemoryMib)
    .option('--disk <size>', 'disk size of each, for example 8g', parseDiskGib)
    .option('--tool <tool...>', 'a tool for each, for example nodejs@20; may be repeated', collectList)
    .option('--env <key=value>', 'a variable for everything that runs in each; may be repeated', collectEnvironment)
    .option('--label <key=value>', 'a label of each; may be repeated', collectPairs)
    .option('--max-surge <n>', 'how many extra may exist during a rollout, such as 1 or 25%', parseAmount)
    .option('--max-unavailable <n>', 'how many may be missing during a rollout, such as 0 or 25%', parseAmount)
    .option('--min-ready <time>', 'how long one must be ready before it is available, for example 10s', parseDurationMs)
    .option(
      '--deadline <time>',
      'stop a rollout that makes no progress for this long, for example 10m',
      parseDurationMs,
    )
    .option(
      '--autoscale <min-max>',
      'scale by load between these numbers, for example 2-8; off: only when you scale',
      parseBounds,
    )
    .option('--target <percent>', 'target for their average load, percent (default 70)', parseCount(1))
    .option('--metric <metric>', 'the load to measure: cpu (default) or memory', parseMetric);
}

/** What was asked for, in the wire's words; what was not given is left out. */
export function deploymentRequest(options: DeploymentOptions): Omit<UpdateDeploymentRequest, 'is_paused'> {
  const replica = replicaRequest(options);
  const strategy = strategyRequest(options);
  return {
    ...(options.replicas === undefined ? {} : { replicas: options.replicas }),
    ...(Object.keys(strategy).length === 0 ? {} : { strategy }),
    ...autoscalingRequest(options),
    ...(Object.keys(replica).length === 0 ? {} : { replica }),
  };
}

function replicaRequest(options: DeploymentOptions): ReplicaRequest {
  const { template, image, vcpus, memory, disk, tool, env, label } = options;
  return {
    ...(template === undefined ? {} : { template }),
    ...(image === undefined ? {} : { image }),
    ...(vcpus === undefined ? {} : { vcpus }),
    ...(memory === undefined ? {} : { memory_mib: memory }),
    ...(disk === undefined ? {} : { disk_gib: disk }),
    ...(tool === undefined ? {} : { tools: [...tool] }),
    ...(env === undefined ? {} : { environment: { ...env } }),
    ...(label === undefined ? {} : { labels: { ...label } }),
    ...workloadRequest(options),
    ...alertRequest(options),
    ...secretsRequest(options),
  };
}

function strategyRequest({
  maxSurge,
  maxUnavailable,
  minReady,
  deadline,
}: DeploymentOptions): NonNullable<UpdateDeploymentRequest['strategy']> {
  return {
    ...(maxSurge === undefined ? {} : { max_surge: maxSurge }),
    ...(maxUnavailable === undefined ? {} : { max_unavailable: maxUnavailable }),
    ...(minReady === undefined ? {} : { min_ready_seconds: Math.ceil(minReady / 1_000) }),
    ...(deadline === undefined ? {} : { progress_deadline_seconds: Math.ceil(deadline / 1_000) }),
  };
}

function autoscalingRequest(options: DeploymentOptions): Pick<UpdateDeploymentRequest, 'autoscaling'> {
  const { autoscale, target, metric } = options;
  if (typeof autoscale !== 'object' && (target !== undefined || metric !== undefined))
    throw usageError('--target and --metric go with --autoscale.');
  if (autoscale === undefined) return {};
  if (autoscale === 'off') return { autoscaling: null };
  return {
    autoscaling: {
      ...autoscale,
      ...(target === undefined ? {} : { target_percent: target }),
      ...(metric === undefined ? {} : { metric }),
    },
  };
}

/** `2`, or `25%`. */
export function parseAmount(text: string): number | string {
  if (/^(100|[1-9]?[0-9])%$/.test(text)) return text;
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a count, or a percentage such as 25%.');
}

/** `2-8`, or `off`. */
export function parseBounds(text: string): DeploymentAutoscaling | 'off' {
  if (text === 'off') return text;
  const [, least, most] = /^(\d{1,4})-(\d{1,4})$/.exec(text) ?? [];
  if (least === undefined || most === undefined)
    throw new InvalidArgumentError('Expected a range such as 2-8, or off.');
  return { min_replicas: Number(least), max_replicas: Number(most) };
}

function parseMetric(text: string): 'cpu' | 'memory' {
  if (text === 'cpu' || text === 'memory') return text;
  throw new InvalidArgumentError('It is cpu or memory.');
}
