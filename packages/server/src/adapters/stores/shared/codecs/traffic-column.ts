import { EGRESS_POLICIES, type Egress, PROTOCOLS, type TrafficRule } from '../../../../domain/network/traffic.ts';
import * as read from './read-value.ts';

const protocol = read.oneOf(PROTOCOLS);
const optionalText = read.nullable(read.text);
/** One of the words for what may be reached. */
export const readPolicy = read.oneOf(EGRESS_POLICIES);

/** Rules, parsed: `[{ cidr, protocol, ports }]`. */
export const readRules = read.list((value, field): TrafficRule => {
  const stored = read.object(value, field);
  return {
    cidr: read.text(stored['cidr'], `${field}.cidr`),
    protocol: protocol(stored['protocol'], `${field}.protocol`),
    ports: optionalText(stored['ports'], `${field}.ports`),
  };
});

/** What a network lets out, parsed. */
export const readEgress: read.Reader<Egress> = (value, field) => {
  const stored = read.object(value, field);
  return {
    policy: readPolicy(stored['policy'], `${field}.policy`),
    allow: readRules(stored['allow'], `${field}.allow`),
  };
};
