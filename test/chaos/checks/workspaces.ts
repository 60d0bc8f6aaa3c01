import type { Vm, Workspace } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Book } from '../book.ts';
import { readLines } from './commands.ts';
import { WORKSPACE_LABEL } from './vms.ts';
import { checkWords } from './words.ts';

/** What is looked at of a workspace. */
export type CheckedWorkspace = Pick<Workspace, 'name' | 'status' | 'vm_id' | 'error_message'>;

export async function listWorkspaces(client: VolaryClient): Promise<readonly Workspace[]> {
  const workspaces: Workspace[] = [];
  for await (const workspace of client.workspaces.listAll()) workspaces.push(workspace);
  return workspaces;
}

/** The lines in the guest of each of them, by the id of its VM. */
export async function readWorkspaces(
  client: VolaryClient,
  workspaces: readonly Workspace[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const lines = new Map<string, readonly string[]>();
  for (const { vm_id: id, status } of workspaces)
    if (status === 'running' || status === 'failed') lines.set(id, await readLines(client, { id }));
  return lines;
}

/**
 * What is wrong with workspaces and their VMs, one sentence each; `lines`: in their guests; `mayFail`: steps may have been lost. Nothing is
 * under way.
 */
export function checkWorkspaces(
  book: Pick<Book, 'workspaces'>,
  workspaces: readonly CheckedWorkspace[],
  {
    vms,
    lines,
    mayFail,
  }: {
    readonly vms: readonly Pick<Vm, 'id' | 'name' | 'labels'>[];
    readonly lines: ReadonlyMap<string, readonly string[]>;
    readonly mayFail: boolean;
  },
): readonly string[] {
  const asked = new Map(book.workspaces.map(({ name, lines: own }) => [name, own]));
  const names = workspaces.map(({ name }) => name);
  const owned = new Set<string>(workspaces.map(({ vm_id }) => vm_id));
  const present = new Set<string>(vms.map(({ id }) => id));
  return [
    ...checkWords('workspace', book.workspaces, names),
    ...vms
      .filter(({ id, labels }) => labels[WORKSPACE_LABEL] !== undefined && !owned.has(id))
      .map(({ name }) => `a VM of a workspace that is gone: ${name}`),
    ...workspaces.flatMap(({ name, status, vm_id: vmId, error_message: message }) => {
      const [done = [], wanted = []] = [lines.get(vmId), asked.get(name)];
      const isFailed = status === 'failed' && mayFail;
      // The first steps, each once; all of them where none was lost.
      const isDone = done.join() === wanted.slice(0, isFailed ? done.length : wanted.length).join();
      return [
        ...(present.has(vmId) ? [] : [`the workspace ${name} has no VM`]),
        ...(status === 'running' || isFailed ? [] : [`the workspace ${name} is ${status}: ${message}`]),
        ...(isDone ? [] : [`the steps of ${name} have left [${done.join()}] and not [${wanted.join()}]`]),
      ];
    }),
  ];
}
