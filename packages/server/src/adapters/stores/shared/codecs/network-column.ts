import { NETWORK_MODES, type VmNetwork } from '../../../../domain/network/vm-network.ts';
import * as read from './read-value.ts';
import { readPolicy, readRules } from './traffic-column.ts';

const networkMode = read.oneOf(NETWORK_MODES);
const deny = read.oneOf(['deny']);
const optionalText = read.nullable(read.text);
const names = read.list(read.text);

/** A VM's network, parsed: `{ mode, egress }`, and of a bridge `{ name, subnet, allow, securityGroups }`. */
export const readNetwork: read.Reader<VmNetwork> = (value, field) => {
  const stored = read.object(value, field);
  const mode = networkMode(stored['mode'], `${field}.mode`);
  if (mode !== 'bridge') return { mode, egress: deny(stored['egress'], `${field}.egress`) };
  return {
    mode,
    name: read.text(stored['name'], `${field}.name`),
    subnet: optionalText(stored['subnet'], `${field}.subnet`),
    egress: readPolicy(stored['egress'], `${field}.egress`),
    allow: readRules(stored['allow'], `${field}.allow`),
    securityGroups: names(stored['securityGroups'], `${field}.securityGroups`),
  };
};

/** A column with it. */
export const network = read.json(readNetwork);
