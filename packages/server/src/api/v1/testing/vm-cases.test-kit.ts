import type { OperationName } from '@volary/contract';
import type { Examples } from './examples.test-kit.ts';
import { type Case, NOT_RUNNING, RUNNING, UNKNOWN_VM } from './routes.test-kit.ts';

type VmRoute = Extract<
  OperationName,
  | 'createVm'
  | 'listVms'
  | 'getVm'
  | 'getVmPlaces'
  | 'waitForVm'
  | 'updateVm'
  | 'getVmConfig'
  | 'updateVmConfig'
  | 'listVmRevisions'
  | 'getVmRevision'
  | 'rollBackVm'
  | 'readConsole'
  | 'startVm'
  | 'stopVm'
  | 'restartVm'
  | 'pauseVm'
  | 'suspendVm'
  | 'resumeVm'
  | 'deleteVm'
>;

/** What has to be shown of the routes of VMs and of how they are set. */
export function vmCases({ client, freeName, vm }: Examples): Readonly<Record<VmRoute, Case>> {
  return {
    createVm: {
      ask: () => ({ body: { name: freeName(), labels: { team: 'blue' } } }),
      status: 202,
      failing: { ask: { body: { name: 'first' } }, status: 409, reason: 'vm.name_taken' },
    },
    listVms: {
      ask: () => ({ query: { limit: 2, phase: ['running', 'stopped'], driver: ['simulated'], search: 'F' } }),
      status: 200,
      failing: { ask: { query: { limit: 201 } }, status: 400, reason: 'request.invalid' },
    },
    getVm: { ask: () => RUNNING, status: 200, failing: UNKNOWN_VM },
    getVmPlaces: { ask: () => RUNNING, status: 200, failing: UNKNOWN_VM },
    waitForVm: {
      ask: () => ({ ...RUNNING, query: { phase: 'running', timeout: 5 } }),
      status: 200,
      failing: {
        ask: { ...RUNNING, query: { phase: 'stopped', timeout: 0 } },
        status: 504,
        reason: 'vm.wait_timeout',
      },
    },
    updateVm: {
      ask: async () => ({ ...(await vm('running')), body: { ttl_seconds: 3600, auto_wake: false } }),
      status: 200,
      failing: {
        ask: { ...RUNNING, body: { expires_at: '2001-01-01T00:00:00.000Z' } },
        status: 400,
        reason: 'vm.invalid_expiry',
      },
    },
    getVmConfig: { ask: () => RUNNING, status: 200, failing: UNKNOWN_VM },
    updateVmConfig: {
      ask: async () => ({ ...(await vm('running')), body: { vcpus: 4, labels: { team: 'blue' } } }),
      status: 200,
      failing: { ask: { ...RUNNING, body: { disk_gib: 1 } }, status: 400, reason: 'vm.disk_cannot_shrink' },
    },
    listVmRevisions: { ask: () => ({ ...RUNNING, query: { limit: 10 } }), status: 200, failing: UNKNOWN_VM },
    getVmRevision: {
      ask: () => ({ params: { ref: 'first', number: '1' } }),
      status: 200,
      failing: { ask: { params: { ref: 'first', number: '999' } }, status: 404, reason: 'vm.unknown_revision' },
    },
    rollBackVm: {
      ask: async () => {
        const own = await vm('running');
        await client().vms.update(own.params?.['ref'] ?? '', { auto_wake: false });
        return { ...own, body: { revision: 1 } };
      },
      status: 200,
      failing: { ask: { ...RUNNING, body: { revision: 999 } }, status: 404, reason: 'vm.unknown_revision' },
    },
    readConsole: { ask: () => RUNNING, status: 200, failing: UNKNOWN_VM },
    startVm: {
      ask: () => vm('stopped'),
      status: 202,
      failing: { ask: RUNNING, status: 409, reason: 'vm.already_running' },
    },
    stopVm: {
      ask: async () => ({ ...(await vm('running')), body: { grace_ms: 1000 } }),
      status: 202,
      failing: { ask: { ...RUNNING, headers: { 'if-match': '"other"' } }, status: 412, reason: 'vm.changed' },
    },
    restartVm: { ask: () => vm('running'), status: 202, failing: UNKNOWN_VM },
    pauseVm: { ask: () => vm('running'), status: 202, failing: NOT_RUNNING },
    suspendVm: { ask: () => vm('running'), status: 202, failing: NOT_RUNNING },
    resumeVm: { ask: () => vm('paused'), status: 202, failing: { ask: RUNNING, status: 409, reason: 'vm.not_paused' } },
    deleteVm: { ask: () => vm('running'), status: 202, failing: UNKNOWN_VM },
  };
}
