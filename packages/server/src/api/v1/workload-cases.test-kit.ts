import type { OperationName } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Ask } from '../testing/send.ts';
import { type Case, UNKNOWN_VM } from './routes.test-kit.ts';

type WorkloadRoute = Extract<OperationName, `${string}Workload` | 'getVmHealth'>;

/** A VM that has a workload, made by `givenWorkload`. */
const WORKING: Ask = { params: { ref: 'working' } };

/** Makes what the examples need. */
export async function givenWorkload(client: VolaryClient): Promise<void> {
  const workload = { type: 'daemon', command: 'echo up; exec sleep 3600' } as const;
  const { id } = await client.vms.create({ name: 'working', workload });
  await client.operations.finish(id);
}

/** What has to be shown of the routes of workloads. */
export function workloadCases(): Readonly<Record<WorkloadRoute, Case>> {
  return {
    getVmHealth: { ask: () => WORKING, status: 200, failing: UNKNOWN_VM },
    getWorkload: {
      ask: () => WORKING,
      status: 200,
      failing: { ask: { params: { ref: 'first' } }, status: 404, reason: 'workload.none' },
    },
    restartWorkload: {
      ask: () => ({ ...WORKING, body: { grace_ms: 1_000 } }),
      status: 200,
      failing: UNKNOWN_VM,
    },
  };
}
