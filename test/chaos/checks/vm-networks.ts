import type { Vm } from '@volary/contract';
import type { Book } from '../book.ts';
import { checkPossible } from './words.ts';

/** What a VM may reach is what somebody has asked for last. Nothing is under way. */
export function checkVmNetworks(
  { vms: known }: Pick<Book, 'vms'>,
  vms: readonly (Pick<Vm, 'name'> & { readonly network: Pick<Vm['network'], 'egress'> })[],
): readonly string[] {
  return vms.flatMap(({ name, network }) => {
    const entry = known.find((vm) => vm.name === name);
    return entry?.place === undefined ? [] : checkPossible(`egress of ${name}`, entry.place.egress, network.egress);
  });
}
