import type { NetworkId, VmId } from '../../domain/ids.ts';
import type { Tables } from '../../ports/store.ts';
import type { LeasedVm } from '../../ports/tables/network-tables.ts';

const PAGE = 500;

/** All VMs that have an address, of one network or of all, a page at a time. */
export async function* everyLease(
  { leases }: Pick<Tables, 'leases'>,
  of: { readonly networkId?: NetworkId } = {},
): AsyncIterable<LeasedVm> {
  let after: VmId | null = null;
  for (;;) {
    const page: readonly LeasedVm[] = await leases.list({ limit: PAGE, after, ...of });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.vmId;
  }
}
