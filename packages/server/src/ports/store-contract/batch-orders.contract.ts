import { describe, expect, it } from 'vitest';
import type { BatchOrders } from '../../domain/batch/batch.ts';
import { ALL_RIGHTS, rightsOf } from '../../domain/principal/rights.ts';
import { type MakeStore, refusal, withStore } from './fixture.contract.ts';
import { numberedId, sampleOperation, sampleVm } from './samples.contract.ts';

const REQUEST = { argv: ['sh', '-c', 'é "\u0000'], env: { A: '1' }, cwd: '/', user: 'joe', tty: null, hasStdin: false };
const PLAIN = { name: null, spec: {}, labels: {}, metadata: {}, start: false, warmStart: 'auto' } as const;

/** With each of what a VM can be asked for that is kept in a way of its own. */
export const sampleBatchOrders: BatchOrders = {
  rights: rightsOf(['vm:*@own', 'template:read']),
  orders: {
    0: { kind: 'exec', request: { ...REQUEST, timeoutMs: 5 } },
    3: { kind: 'create', request: PLAIN },
    4: {
      kind: 'create',
      request: {
        ...{ name: 'web', driver: 'qemu', template: 'nodejs@20', tools: ['bun'], start: true, warmStart: 'never' },
        spec: {
          ...{
            vcpuCount: 2,
            network: { mode: 'none', egress: 'deny' },
            restartPolicy: 'always',
            environment: { B: '2' },
          },
          ...{ openapi: { kind: 'url', url: 'https://example.com/api' }, autoSuspend: null },
        },
        ...{ labels: { app: 'web' }, metadata: { deep: [1, { a: null }] }, lifetime: { ttlSeconds: 60 } },
        secrets: [
          { ref: 'KEY', env: 'KEY', file: null },
          { ref: 'FILE', env: null, file: { path: '/run/secrets/f', mode: 0o400 } },
        ],
        volumes: [{ ref: 'data', disk: null, isReadonly: true }],
      },
    },
    5: { kind: 'create', request: { ...PLAIN, spec: { openapi: null }, lifetime: { expiresAt: 1_800_000_000_000 } } },
  },
};

/** What is asked of the table of what batches are to do. */
export function batchOrderTableContract(make: MakeStore): void {
  describe('what batches are to do', () => {
    it(
      'is read as it was written, what was left open is not there, and goes with its operation',
      withStore(make, async (store) => {
        const vm = sampleVm(1);
        await store.vms.insert(vm);
        const operation = sampleOperation(1, vm.id, { state: 'succeeded', completedAt: 1 });
        await store.operations.insert(operation);

        expect(await store.batchOrders.get(operation.id)).toBeNull();
        await store.batchOrders.insert(operation.id, sampleBatchOrders);

        expect(await store.batchOrders.get(operation.id)).toStrictEqual(sampleBatchOrders);
        await store.operations.deleteFinished({ completedBefore: 2, limit: 9 });
        expect(await store.batchOrders.get(operation.id)).toBeNull();
      }),
    );

    it(
      'is written once, and of an operation that there is',
      withStore(make, async (store) => {
        const orders: BatchOrders = { rights: ALL_RIGHTS, orders: {} };
        const taken = refusal('conflict', 'store.constraint');
        await expect(store.batchOrders.insert(numberedId('op', 9), orders)).rejects.toEqual(taken);
        await store.operations.insert(sampleOperation(1, sampleVm(1).id, { subject: { kind: 'batch', name: '' } }));
        await store.batchOrders.insert(numberedId('op', 1), orders);

        await expect(store.batchOrders.insert(numberedId('op', 1), orders)).rejects.toEqual(taken);
      }),
    );
  });
}
