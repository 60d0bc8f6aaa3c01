import { NETWORK_MODES, type VmSpec } from '../../../../domain/vm/spec.ts';
import * as read from './read-value.ts';

const networkMode = read.oneOf(NETWORK_MODES);
const egress = read.oneOf(['deny']);

/** A VM's network, parsed: `{ mode, egress }`. */
export const readNetwork: read.Reader<VmSpec['network']> = (value, field) => {
  const columns = read.object(value, field);
  return { mode: networkMode(columns['mode'], `${field}.mode`), egress: egress(columns['egress'], `${field}.egress`) };
};

/** A column with it. */
export const network = read.json(readNetwork);
