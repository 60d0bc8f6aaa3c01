/**
 * A process that writes without end, to be killed at any moment. Each transaction changes one VM and appends two events; when it has
 * been committed, and not before, its number goes to stdout.
 */
import { writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Vm } from '../../../domain/vm/vm.ts';
import { numberedId, sampleEvent, sampleVm } from '../../../ports/store-contract/samples.contract.ts';
import { createCheckpoints } from '../../shared/checkpoints.ts';
import { createPinoLog } from '../../system/pino-log.ts';
import { createSqliteStore } from './sqlite-store.ts';

/* Another thread moves what was committed, all the time. */
const checkpoints = createCheckpoints({ log: createPinoLog({ level: 'warn' }) }, { pages: 20 });
const store = await createSqliteStore({ path: process.argv[2] ?? '', checkpoints });
const id = numberedId('vm', 1);
const stored = await store.vms.get(id);
if (stored === null) await store.vms.insert(sampleVm(1));
let vm: Vm = stored ?? sampleVm(1);
for (;;) {
  const next: Vm = { ...vm, revision: vm.revision + 1 };
  await store.transaction(async (tables) => {
    await tables.events.append([sampleEvent(id, `${next.revision} a`)]);
    await tables.vms.update(next);
    await tables.events.append([sampleEvent(id, `${next.revision} b`)]);
  });
  vm = next;
  writeSync(1, `${vm.revision}\n`);
  await nextTurn();
}
