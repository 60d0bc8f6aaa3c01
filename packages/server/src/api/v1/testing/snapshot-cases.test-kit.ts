import type { OperationName } from '@volary/contract';
import type { Examples } from './examples.test-kit.ts';
import { type Case, NO_SNAPSHOT, RUNNING, UNKNOWN_SNAPSHOT } from './routes.test-kit.ts';

type SnapshotRoute = Extract<
  OperationName,
  | 'createSnapshot'
  | 'listSnapshots'
  | 'getSnapshot'
  | 'deleteSnapshot'
  | 'createVmFromSnapshot'
  | 'forkVm'
  | 'restoreVm'
>;

/** What has to be shown of the routes of snapshots and forks. */
export function snapshotCases({ freeName, vm, snapshot }: Examples): Readonly<Record<SnapshotRoute, Case>> {
  return {
    createSnapshot: {
      ask: () => ({
        ...RUNNING,
        body: { name: `saved-${freeName()}`, description: 'before', labels: { team: 'blue' } },
      }),
      status: 202,
      failing: { ask: { params: { ref: 'stopped' } }, status: 409, reason: 'vm.not_running' },
    },
    listSnapshots: {
      ask: async () => {
        await snapshot();
        return { query: { vm: 'first', state: 'ready', limit: 1 } };
      },
      status: 200,
      failing: { ask: { query: { vm: 'nobody' } }, status: 404, reason: 'vm.unknown' },
    },
    getSnapshot: { ask: snapshot, status: 200, failing: UNKNOWN_SNAPSHOT },
    deleteSnapshot: { ask: snapshot, status: 202, failing: UNKNOWN_SNAPSHOT },
    createVmFromSnapshot: {
      ask: async () => ({ ...(await snapshot()), body: { name: freeName(), disk_gib: 9 } }),
      status: 202,
      failing: UNKNOWN_SNAPSHOT,
    },
    forkVm: {
      ask: () => ({ ...RUNNING, body: { count: 2, name_prefix: `fork-${freeName()}` } }),
      status: 202,
      failing: { ask: { params: { ref: 'stopped' } }, status: 409, reason: 'vm.not_running' },
    },
    restoreVm: {
      ask: async () => ({ ...(await vm('running')), body: { snapshot: (await snapshot()).params?.['ref'] } }),
      status: 202,
      failing: { ask: { ...RUNNING, body: { snapshot: NO_SNAPSHOT } }, status: 404, reason: 'snapshot.unknown' },
    },
  };
}
