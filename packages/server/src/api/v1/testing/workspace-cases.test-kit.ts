import type { OperationName } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Ask } from '../../testing/send.ts';
import type { Case } from './routes.test-kit.ts';

type WorkspaceRoute = Extract<OperationName, `${string}Workspace` | 'listWorkspaces'>;

/** What has to be shown of the routes of workspaces. */
export function workspaceCases(client: () => VolaryClient): Readonly<Record<WorkspaceRoute, Case>> {
  let made = 0;
  const own = async (): Promise<string> => {
    const name = `desk-${made++}`;
    await client().workspaces.create({ name, memory_mib: 128, disk_gib: 1, ttl_seconds: 600, warm: 'never' });
    return name;
  };
  const ofOwn = async (): Promise<Ask> => ({ params: { ref: await own() } });
  const failing = { ask: { params: { ref: 'unknown' } }, status: 404, reason: 'workspace.unknown' } as const;
  return {
    createWorkspace: {
      ask: () => ({
        body: {
          name: `desk-${made++}`,
          memory_mib: 128,
          disk_gib: 1,
          provider: 'simulated',
          ttl_seconds: 600,
          repo_url: 'https://example.com/acme/shop.git',
          repo_ref: 'main',
          repo_directory: '/srv/shop',
          prep_steps: ['true', { command: 'echo ready', timeout_seconds: 5 }],
          labels: { team: 'blue' },
          metadata: { of: 'shop' },
        },
      }),
      status: 202,
      failing: {
        ask: { body: { name: 'nil', provider: 'xen' } },
        status: 400,
        reason: 'workspace.unknown_provider',
      },
    },
    listWorkspaces: {
      ask: async () => {
        await own();
        return { query: { limit: 1 } };
      },
      status: 200,
      failing: { ask: { query: { limit: 201 } }, status: 400, reason: 'request.invalid' },
    },
    getWorkspace: { ask: ofOwn, status: 200, failing },
    waitForWorkspace: {
      ask: async () => ({ params: { ref: await own() }, query: { status: 'running', timeout: 10 } }),
      status: 200,
      failing,
    },
    updateWorkspace: {
      ask: async () => ({ ...(await ofOwn()), body: { labels: { team: 'red' }, metadata: {}, ttl_seconds: null } }),
      status: 200,
      failing: { ...failing, ask: { ...failing.ask, body: { labels: {} } } },
    },
    extendWorkspace: {
      ask: async () => ({ ...(await ofOwn()), body: { ttl_seconds: 3_600 } }),
      status: 200,
      failing: { ...failing, ask: { ...failing.ask, body: { ttl_seconds: 1 } } },
    },
    deleteWorkspace: { ask: ofOwn, status: 202, failing },
  };
}
