import type { OperationName } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Ask } from '../../testing/send.ts';
import { type Case, UNKNOWN_VM } from './routes.test-kit.ts';

type WorkloadRoute = Extract<
  OperationName,
  `${string}Workload` | 'getVmHealth' | 'getVmMetrics' | 'listVmMetrics' | 'getVmOpenapi' | 'actOnVm'
>;

/** A VM that has a workload, made by `givenWorkload`. */
const WORKING: Ask = { params: { ref: 'working' } };

/** Makes what the examples need. */
export async function givenWorkload(client: VolaryClient): Promise<void> {
  const workload = { type: 'http', command: 'echo up; exec sleep 3600', port: 80 } as const;
  const openapi = { openapi: '3.1.0' };
  const actions = { reload: { method: 'POST', path: '/reload' } } as const;
  const { id } = await client.vms.create({ name: 'working', workload, openapi, actions });
  await client.operations.finish(id);
}

/** What has to be shown of the routes of workloads. */
export function workloadCases(): Readonly<Record<WorkloadRoute, Case>> {
  return {
    getVmHealth: { ask: () => WORKING, status: 200, failing: UNKNOWN_VM },
    getVmMetrics: { ask: () => WORKING, status: 200, failing: UNKNOWN_VM },
    listVmMetrics: {
      ask: () => ({ query: { search: 'work', phase: ['running'], limit: 10, interval: '5m' } }),
      status: 200,
      failing: { ask: { query: { selector: 'a in' } }, status: 400, reason: 'selector.invalid' },
    },
    getWorkload: {
      ask: () => WORKING,
      status: 200,
      failing: { ask: { params: { ref: 'first' } }, status: 404, reason: 'workload.none' },
    },
    getVmOpenapi: {
      ask: () => WORKING,
      status: 200,
      failing: { ask: { params: { ref: 'first' } }, status: 404, reason: 'openapi.none' },
    },
    actOnVm: {
      ask: () => ({ params: { ref: 'working', name: 'reload' }, body: { body: { level: 'debug' } } }),
      status: 200,
      failing: {
        ask: { params: { ref: 'working', name: 'unknown' } },
        status: 404,
        reason: 'workload.unknown_action',
      },
    },
    restartWorkload: {
      ask: () => ({ ...WORKING, body: { grace_ms: 1_000 } }),
      status: 200,
      failing: UNKNOWN_VM,
    },
  };
}
