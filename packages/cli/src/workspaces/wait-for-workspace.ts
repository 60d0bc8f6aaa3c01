import type { Workspace } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Context } from '../context.ts';
import { waitShowing } from '../operations/wait-showing.ts';
import { progressOf } from './format-workspace.ts';

/** Waits until it is in that status, and says how far it is; null when it is gone. Throws what it failed with. */
export async function untilStatus(
  context: Context,
  { workspaces }: VolaryClient,
  { id, name }: Pick<Workspace, 'id' | 'name'>,
  { status, timeoutMs }: { readonly status: 'running' | 'absent'; readonly timeoutMs: number },
): Promise<Workspace | null> {
  return await waitShowing<Workspace>(context, {
    title: name,
    wanted: status,
    timeoutMs,
    wait: (timeoutSeconds) => workspaces.wait(id, { status, timeoutSeconds }),
    progress: async () => progressOf(await workspaces.get(id)),
    reasons: { timeout: 'workspace.wait_timeout', unknown: 'workspace.unknown' },
    hint: `see its progress: volary workspace get ${name}`,
  });
}
