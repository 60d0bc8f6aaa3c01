/** Words for traffic: what an egress list lets out, and what a security group lets in and out. */
import { VolaryError } from '../errors.ts';
import { overlaps, parseCidr } from './cidr.ts';

export const PROTOCOLS = ['any', 'tcp', 'udp', 'icmp'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** What may be exchanged with whom. */
export interface TrafficRule {
  /** Whom it is about: `198.51.100.0/24`. */
  readonly cidr: string;
  readonly protocol: Protocol;
  /** Of the side that is connected to, `443` or `8000-8100`; null: all. Only of tcp and udp. */
  readonly ports: string | null;
}

export const EGRESS_POLICIES = ['allow', 'deny', 'allowlist'] as const;
/** `allow`: the internet. `allowlist`: what the list has. None of them the host, private networks or link-local addresses. */
export type EgressPolicy = (typeof EGRESS_POLICIES)[number];

/** What guests may reach outside of their network. */
export interface Egress {
  readonly policy: EgressPolicy;
  /** Of `allowlist`; else empty. */
  readonly allow: readonly TrafficRule[];
}

/** Rules that one network, VM or security group may have. */
export const MOST_RULES = 64;

/** What no guest reaches by way of egress, whatever it is allowed: the host, private networks, link-local and metadata addresses, everybody. */
export const NEVER_REACHED: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
];
const NEVER = NEVER_REACHED.map(parseCidr).filter((range) => range !== null);

/** Throws `invalid_argument` network.invalid_rule naming the field. */
export function checkRules(field: string, rules: readonly TrafficRule[]): void {
  if (rules.length > MOST_RULES) throw invalid(field, `${field} may have ${MOST_RULES} entries.`);
  for (const [index, { cidr, protocol, ports }] of rules.entries()) {
    const at = `${field}.${index}`;
    if (parseCidr(cidr) === null)
      throw invalid(`${at}.cidr`, `${cidr} is no range of IPv4 addresses, as 192.0.2.0/24.`);
    if (ports === null) continue;
    if (protocol !== 'tcp' && protocol !== 'udp') throw invalid(`${at}.ports`, 'Only tcp and udp have ports.');
    if (parsePorts(ports) === null)
      throw invalid(`${at}.ports`, `${ports} is neither a port from 1 to 65535 nor a range of them, as 8000-8100.`);
  }
}

/** Throws `invalid_argument` network.invalid_rule, network.never_reached. */
export function checkEgress(field: string, { policy, allow }: Egress): void {
  if (policy !== 'allowlist' && allow.length > 0)
    throw invalid(`${field}.allow`, 'A list of what is allowed goes with the policy allowlist alone.');
  checkRules(`${field}.allow`, allow);
  for (const [index, { cidr }] of allow.entries()) {
    const range = parseCidr(cidr);
    if (range === null || !NEVER.some((never) => overlaps(never, range))) continue;
    throw new VolaryError('invalid_argument', `${cidr} has addresses in it that guests never reach.`, {
      reason: 'network.never_reached',
      details: { field: `${field}.allow.${index}.cidr`, never: NEVER_REACHED },
    });
  }
}

/** The first and the last port. */
export function parsePorts(text: string): { readonly first: number; readonly last: number } | null {
  const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (from === undefined) return null;
  const [first, last] = [Number(from), Number(to ?? from)];
  return first >= 1 && first <= last && last <= 65_535 ? { first, last } : null;
}

function invalid(field: string, message: string): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'network.invalid_rule', details: { field } });
}
