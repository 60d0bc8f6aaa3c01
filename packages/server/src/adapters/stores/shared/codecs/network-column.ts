import { NETWORK_MODES, type VmSpec } from '../../../../domain/vm/spec.ts';
import * as read from './read-value.ts';

const networkMode = read.oneOf(NETWORK_MODES);
const egress = read.oneOf(['deny']);

/** A column with a VM's network: `{ mode, egress }`. */
export const network = read.json((value, field): VmSpec['network'] => {
  const columns = read.object(value, field);
  return { mode: networkMode(columns['mode'], `${field}.mode`), egress: egress(columns['egress'], `${field}.egress`) };
});
