import { join } from 'node:path';
import { createSqliteStore } from '../../packages/server/src/adapters/stores/sqlite/sqlite-store.ts';
import { createSystemIds } from '../../packages/server/src/adapters/system/system-ids.ts';
import { NO_RESTARTS } from '../../packages/server/src/domain/vm/restarts.ts';
import { VM_DEFAULTS } from '../../packages/server/src/domain/vm/spec.ts';
import type { Vm } from '../../packages/server/src/domain/vm/vm.ts';

/** Fills a new data directory's database with this many VMs, as if they had all failed before: nothing is left to do for them. */
export function fillWithVms(count: number): (dataDir: string) => Promise<void> {
  return async (dataDir) => {
    const ids = createSystemIds();
    const hostId = ids.create('host');
    await using store = await createSqliteStore({ path: join(dataDir, 'volary.db') });
    await store.transaction(async (tables) => {
      for (let i = 0; i < count; i++) await tables.vms.insert(failedVm(ids.create('vm'), hostId, i));
    });
  };
}

function failedVm(id: Vm['id'], hostId: Vm['hostId'], i: number): Vm {
  const at = 1_700_000_000_000 + i;
  const failure = {
    generation: 1,
    reason: 'vm.boot_timeout',
    message: 'The guest did not answer.',
    consoleTail: '',
    at,
  };
  return {
    id,
    name: `vm-${i}`,
    owner: 'admin',
    spec: { ...VM_DEFAULTS, network: { mode: 'user', egress: 'deny' } },
    labels: { team: 'bench', number: String(i) },
    metadata: {},
    secrets: [],
    desired: { power: 'running', incarnation: 1, graceMs: 0 },
    origin: null,
    warmStart: 'auto',
    status: { phase: 'failed', since: at, failure },
    health: 'unknown',
    suspension: null,
    replicaOf: null,
    workloadStatus: null,
    cloudInitStatus: null,
    expiry: null,
    restarts: NO_RESTARTS,
    driver: 'simulated',
    hostId,
    handle: null,
    machine: null,
    imageDigest: null,
    incarnation: 0,
    generation: 1,
    revision: 1,
    pid: null,
    ip: null,
    createdAt: at,
    updatedAt: at,
    startedAt: null,
  };
}
