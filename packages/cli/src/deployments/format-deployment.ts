import type { Deployment, DeploymentRevision } from '@volary/contract';
import { formatAge } from '../output/format.ts';
import { formatFields, formatTable } from '../output/table.ts';

/** A line for each deployment. */
export function formatDeployments(items: readonly Deployment[]): string {
  return formatTable(
    ['NAME', 'PHASE', 'READY', 'UPDATED', 'REVISION', 'AGE'],
    items.map((each) => [
      each.name,
      each.phase,
      `${each.ready_replicas}/${each.replicas}`,
      String(each.updated_replicas),
      String(each.target_revision),
      formatAge(each.created_at),
    ]),
  );
}

/** All that is to be known of one. */
export function describeDeployment(deployment: Deployment): string {
  const { strategy, autoscaling, rollout } = deployment;
  const scaling =
    autoscaling === null
      ? 'off'
      : `${autoscaling.min_replicas}-${autoscaling.max_replicas}, ${autoscaling.metric} at ${autoscaling.target_percent} %`;
  return formatFields([
    ['name', deployment.name],
    ['id', deployment.id],
    ['phase', deployment.is_paused ? `${deployment.phase}, paused` : deployment.phase],
    [
      'replicas',
      `${deployment.ready_replicas} of ${deployment.replicas} ready, ${deployment.available_replicas} available`,
    ],
    [
      'revision',
      `${deployment.target_revision}, ${rollout.state}${rollout.message === null ? '' : `: ${rollout.message}`}`,
    ],
    ['strategy', `${strategy.max_surge} more, ${strategy.max_unavailable} fewer at a time`],
    ['autoscaling', scaling],
    ['VMs', deployment.vms.join(' ')],
    ...deployment.conditions.map(
      ({ type, status, message }) => [type, `${status ? 'yes' : 'no'}: ${message}`] as const,
    ),
    ...deployment.failures.map(
      ({ index, failures, message }) =>
        [`${deployment.name}-${index}`, `failed ${failures} times in a row: ${message}`] as const,
    ),
  ]);
}

/** A line for each revision. */
export function formatRevisions({ target_revision }: Deployment, items: readonly DeploymentRevision[]): string {
  return formatTable(
    ['REVISION', 'CAUSE', 'AUTHOR', 'AGE', ''],
    items.map(({ number, cause, author, at }) => [
      String(number),
      cause,
      author,
      formatAge(at),
      number === target_revision ? 'wanted' : '',
    ]),
  );
}

/** How far it is, in a line. */
export function progressOf({ name, replicas, updated_replicas, available_replicas, phase }: Deployment): string {
  return `${name}: ${available_replicas} of ${replicas} available, ${updated_replicas} updated, ${phase}`;
}
