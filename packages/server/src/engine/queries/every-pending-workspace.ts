import type { WorkspaceId } from '../../domain/ids.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { Tables } from '../../ports/store.ts';

const PAGE = 200;

/** All workspaces whose setup is not over, a page at a time. */
export async function* everyPendingWorkspace({ workspaces }: Pick<Tables, 'workspaces'>): AsyncIterable<Workspace> {
  let after: WorkspaceId | null = null;
  for (;;) {
    const page: readonly Workspace[] = await workspaces.listPending({ limit: PAGE, after });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.id;
  }
}
