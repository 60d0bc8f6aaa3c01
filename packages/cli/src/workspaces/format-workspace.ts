import type { Workspace } from '@volary/contract';
import { formatAge, formatDuration } from '../output/format.ts';
import { formatFields, formatTable } from '../output/table.ts';

/** A line for each workspace. */
export function formatWorkspaces(items: readonly Workspace[]): string {
  return formatTable(
    ['NAME', 'STATUS', 'TEMPLATE', 'PROVIDER', 'AGE', 'LEFT'],
    items.map((each) => [
      each.name,
      each.status,
      each.template?.name ?? '-',
      each.provider,
      formatAge(each.created_at),
      timeLeft(each),
    ]),
  );
}

/** All that is to be known of one. */
export function describeWorkspace(workspace: Workspace): string {
  const { template, connection_info: connection, setup, expires_at, repo_url, repo_ref } = workspace;
  return formatFields([
    ['name', workspace.name],
    ['id', workspace.id],
    ['status', workspace.status],
    ...(workspace.error_message === null ? [] : [['error', workspace.error_message] as const]),
    ['template', template === null ? '-' : `${template.name}@${template.version}`],
    ['provider', workspace.provider],
    ['VM', `${workspace.vm_name}, ${workspace.vm_phase}`],
    ['expires', expires_at === null ? 'never' : `${expires_at} (in ${timeLeft(workspace)})`],
    ...(repo_url === null ? [] : [['repository', repo_ref === null ? repo_url : `${repo_url} ${repo_ref}`] as const]),
    ...(connection === null ? [] : [['enter', connection.ssh_command] as const]),
    ...setup.steps.map(
      ({ state, command }, index) => [`step ${index + 1}`, `${state}: ${firstLine(command)}`] as const,
    ),
  ]);
}

/** How far it is, in a line. */
export function progressOf({ name, status, vm_phase, setup }: Workspace): string {
  const index = setup.steps.findIndex(({ state }) => state !== 'done');
  const step = setup.steps[index];
  const isAtStep = vm_phase === 'running' && setup.state === 'pending' && step !== undefined;
  if (!isAtStep) return `${name}: ${status}, its VM is ${vm_phase}`;
  return `${name}: step ${index + 1} of ${setup.steps.length}, ${firstLine(step.command)}`;
}

function timeLeft({ expires_at }: Workspace): string {
  return expires_at === null ? '-' : formatDuration(Math.max(0, Date.parse(expires_at) - Date.now()));
}

function firstLine(command: string): string {
  return command.split('\n')[0] ?? '';
}
