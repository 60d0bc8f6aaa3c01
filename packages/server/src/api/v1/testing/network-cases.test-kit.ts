import type { OperationName } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Ask } from '../../testing/send.ts';
import type { Case } from './routes.test-kit.ts';

type NetworkRoute = Extract<OperationName, `${string}${'Network' | 'SecurityGroup'}${'' | 's'}`>;

/** What has to be shown of the routes of networks and security groups. */
export function networkCases(client: () => VolaryClient): Readonly<Record<NetworkRoute, Case>> {
  let made = 0;
  const network = () => ({ name: `net-${++made}`, cidr: `10.80.${made}.0/24` });
  const group = () => ({ name: `group-${++made}` });
  const own = async (): Promise<Ask> => ({ params: { ref: (await client().networks.create(network())).id } });
  const ownGroup = async (): Promise<Ask> => ({ params: { ref: (await client().securityGroups.create(group())).id } });
  const failing = { ask: { params: { ref: 'unknown' } }, status: 404, reason: 'network.unknown' } as const;
  const failingGroup = { ...failing, reason: 'security_group.unknown' } as const;
  const badCursor = { ask: { query: { cursor: 'vm_x' } }, status: 400, reason: 'request.invalid' } as const;
  const change = { egress: 'allowlist', allow: [{ cidr: '198.51.100.0/24', protocol: 'tcp', ports: '443' }] };
  return {
    createNetwork: {
      ask: () => ({ body: { ...network(), subnets: [{ name: 'front', cidr: `10.80.${made}.0/26` }], ...change } }),
      status: 201,
      failing: { ask: { body: { name: 'other', cidr: '10.66.7.0/24' } }, status: 409, reason: 'network.overlaps' },
    },
    listNetworks: { ask: () => ({ query: { limit: 1 } }), status: 200, failing: badCursor },
    getNetwork: { ask: own, status: 200, failing },
    updateNetwork: {
      ask: async () => ({ ...(await own()), body: change }),
      status: 200,
      failing: { ...failing, ask: { ...failing.ask, body: change } },
    },
    deleteNetwork: {
      ask: own,
      status: 204,
      failing: { ask: { params: { ref: 'default' } }, status: 409, reason: 'network.built_in' },
    },
    createSecurityGroup: {
      ask: () => ({ body: { ...group(), ingress: [{ cidr: '10.0.0.0/8', protocol: 'tcp', ports: '80' }] } }),
      status: 201,
      failing: {
        ask: { body: { name: 'bad', ingress: [{ cidr: '10.0.0.1/8' }] } },
        status: 400,
        reason: 'network.invalid_rule',
      },
    },
    listSecurityGroups: { ask: () => ({ query: { limit: 1 } }), status: 200, failing: badCursor },
    getSecurityGroup: { ask: ownGroup, status: 200, failing: failingGroup },
    updateSecurityGroup: {
      ask: async () => ({ ...(await ownGroup()), body: { egress: [], description: 'Of a test' } }),
      status: 200,
      failing: { ...failingGroup, ask: { ...failingGroup.ask, body: {} } },
    },
    deleteSecurityGroup: { ask: ownGroup, status: 204, failing: failingGroup },
  };
}
