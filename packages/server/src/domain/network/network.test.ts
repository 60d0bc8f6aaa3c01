import { describe, expect, it } from 'vitest';
import { checkNetwork, DEFAULT_NETWORK, type Network } from './network.ts';
import { checkSecurityGroup } from './security-group.ts';
import { checkEgress, checkRules, NEVER_REACHED, parsePorts, type TrafficRule } from './traffic.ts';
import { checkVmNetwork, networkOf } from './vm-network.ts';

const rule = { cidr: '198.51.100.0/24', protocol: 'tcp', ports: '443' } as const;

function reasonOf(check: () => void): unknown {
  try {
    check();
    return null;
  } catch (error) {
    return error instanceof Error && 'reason' in error ? error.reason : error;
  }
}

describe('a network', () => {
  const sound: Pick<Network, 'cidr' | 'subnets' | 'egress' | 'dns'> = { ...DEFAULT_NETWORK, cidr: '10.80.0.0/24' };

  it.each<[string, Partial<typeof sound>, string | null]>([
    ['as it should be', {}, null],
    ['with subnets', { subnets: [{ name: 'a', cidr: '10.80.0.0/26' }] }, null],
    ['outside of the private ranges', { cidr: '198.51.100.0/24' }, 'network.invalid_cidr'],
    ['that does not begin with its first address', { cidr: '10.80.0.1/24' }, 'network.invalid_cidr'],
    ['that is too small', { cidr: '10.80.0.0/30' }, 'network.invalid_cidr'],
    ['that is too large', { cidr: '10.0.0.0/8' }, 'network.invalid_cidr'],
    ['with a subnet elsewhere', { subnets: [{ name: 'a', cidr: '10.81.0.0/26' }] }, 'network.invalid_subnet'],
    ['with a subnet for nobody', { subnets: [{ name: 'a', cidr: '10.80.0.0/31' }] }, 'network.invalid_subnet'],
    [
      'with subnets that overlap',
      {
        subnets: [
          { name: 'a', cidr: '10.80.0.0/25' },
          { name: 'b', cidr: '10.80.0.64/26' },
        ],
      },
      'network.invalid_subnet',
    ],
    ['with a list that nothing asks for', { egress: { policy: 'deny', allow: [rule] } }, 'network.invalid_rule'],
    ['with a resolver that is none', { dns: 'example.com' }, 'network.invalid_rule'],
  ])('%s', (_what, change, reason) => {
    expect(reasonOf(() => checkNetwork({ ...sound, ...change }))).toBe(reason);
  });

  it('never lets out to the host, to private networks, or to metadata addresses', () => {
    for (const cidr of [...NEVER_REACHED, '0.0.0.0/0', '169.254.169.254/32', '10.1.2.3/32']) {
      const egress = { policy: 'allowlist', allow: [{ ...rule, cidr }] } as const;
      expect([cidr, reasonOf(() => checkEgress('egress', egress))]).toEqual([cidr, 'network.never_reached']);
    }
  });
});

describe('rules', () => {
  it.each<[string, Partial<TrafficRule>]>([
    ['a range that is none', { cidr: '10.0.0.0' }],
    ['a range that nft would not read, or otherwise', { cidr: '10.0.0.0/08' }],
    ['ports of a protocol that has none', { protocol: 'icmp' }],
    ['ports of any protocol', { protocol: 'any' }],
    ['ports backwards', { ports: '80-79' }],
    ['port 0', { ports: '0' }],
    ['a port that is none', { ports: '65536' }],
  ])('are refused with %s', (_what, change) => {
    expect(reasonOf(() => checkRules('rules', [{ ...rule, ...change }]))).toBe('network.invalid_rule');
  });

  it('are at most 64', () => {
    const rules = Array.from({ length: 65 }, () => rule);

    expect(reasonOf(() => checkSecurityGroup({ description: '', ingress: rules, egress: null }))).toBe(
      'network.invalid_rule',
    );
    expect(parsePorts('8000-8100')).toEqual({ first: 8000, last: 8100 });
  });
});

describe("a VM's network", () => {
  it('is its own interface where nothing is said, and the one that is named where one is', () => {
    expect(networkOf({})).toEqual({ mode: 'user', egress: 'deny' });
    expect(networkOf({ mode: 'bridge' })).toMatchObject({ name: 'default', egress: 'allow', securityGroups: [] });
    expect(networkOf({ name: 'blue', allow: [rule] })).toMatchObject({
      mode: 'bridge',
      name: 'blue',
      egress: 'allowlist',
    });
  });

  it('stays what it was where nothing else is said', () => {
    const before = networkOf({ name: 'blue', allow: [rule], securityGroups: ['web'] });

    expect(networkOf({}, before)).toEqual(before);
    expect(networkOf({ egress: 'deny' }, before)).toMatchObject({ name: 'blue', egress: 'deny', allow: [] });
  });

  it.each([{ egress: 'allow' }, { securityGroups: ['web'] }, { mode: 'none', name: 'blue' }] as const)(
    'reaches nothing without a bridge: %j',
    (asked) => {
      expect(reasonOf(() => networkOf(asked))).toBe('vm.network_needs_bridge');
    },
  );

  it('is under each group once', () => {
    expect(reasonOf(() => checkVmNetwork(networkOf({ name: 'blue', securityGroups: ['web', 'web'] })))).toBe(
      'network.invalid_rule',
    );
  });
});
