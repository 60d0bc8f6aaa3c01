import type { VmId } from '../../domain/ids.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import type { VmFilter } from '../../ports/tables/vm-table.ts';

const PAGE = 100;

/** All VMs that are meant, a page at a time, so that ten thousand of them never stand in memory together. */
export async function* everyVm(tables: Pick<Tables, 'vms'>, filter: VmFilter = {}): AsyncIterable<Vm> {
  let after: VmId | null = null;
  for (;;) {
    const page: readonly Vm[] = await tables.vms.list({ ...filter, limit: PAGE, after });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.id;
  }
}
