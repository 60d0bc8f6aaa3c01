import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSqliteStore } from '../../packages/server/src/adapters/stores/sqlite/sqlite-store.ts';
import { createSystemIds } from '../../packages/server/src/adapters/system/system-ids.ts';
import type { Vm } from '../../packages/server/src/domain/vm/vm.ts';

/**
 * Adds so many VMs to an installation whose server is not running, each like the one of this name: its row, and its simulated machine, which
 * runs. Making them one by one would take longer than all that is measured.
 */
export async function cloneVms(dataDir: string, { like, count }: { like: string; count: number }): Promise<void> {
  const ids = createSystemIds();
  await using store = await createSqliteStore({ path: join(dataDir, 'volary.db') });
  const vm = await store.vms.getByName(like);
  if (vm === null) throw new Error(`there is no VM ${like}`);
  const pathOf = (id: Vm['id']): string => join(dataDir, 'simulated', `${id}.json`);
  const machine = readFileSync(pathOf(vm.id), 'utf8');
  await store.transaction(async (tables) => {
    for (let i = 0; i < count; i++) {
      const id = ids.create('vm');
      const handle = vm.handle === null ? null : { ...vm.handle, state: { ...vm.handle.state, vmId: id } };
      await tables.vms.insert({ ...vm, id, name: `${like}-${i}`, handle });
      writeFileSync(pathOf(id), machine, { mode: 0o600 });
    }
  });
}
