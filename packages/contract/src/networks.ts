import { type Static, Type } from 'typebox';
import { EXAMPLE_IDS, NetworkId, NetworkName, SecurityGroupId, SecurityGroupName } from './ids.ts';
import { Labels, NewLabels } from './labels.ts';
import { LIMITS } from './limits.ts';
import { component, nullable, nullableString, pageOf, stringEnum, timestamp } from './schema.ts';

const Cidr = Type.String({
  maxLength: 18,
  pattern: '^[0-9.]{7,15}/[0-9]{1,2}$',
  description: 'A range of IPv4 addresses that begins with its first one.',
  examples: ['10.80.0.0/24'],
});

export const TrafficRule = component(
  'TrafficRule',
  {
    cidr: Cidr,
    protocol: Type.Optional(stringEnum(['any', 'tcp', 'udp', 'icmp'], { description: 'Default: any.' })),
    ports: Type.Optional(
      nullableString({
        pattern: '^[0-9]{1,5}(-[0-9]{1,5})?$',
        description: 'Of tcp and udp: `443`, `8000-8100`, on the side that is connected to. Null, or absent: all.',
        examples: ['443'],
      }),
    ),
  },
  {
    description: 'Rules for connections.',
    examples: [{ cidr: '198.51.100.0/24', protocol: 'tcp', ports: '443' }],
  },
);
export type TrafficRule = Static<typeof TrafficRule>;

const Rules = (description: string) => Type.Array(TrafficRule, { maxItems: LIMITS.networks.rules, description });

/** What is let out, of requests and answers. */
const EgressPolicy = stringEnum(['allow', 'deny', 'allowlist'], {
  description:
    '`allow`: the internet. `allowlist`: what `allow` lists. Neither ever leads to the host, to private networks, or to link-local and metadata addresses.',
});
const Dns = nullableString({
  pattern: '^[0-9.]{7,15}$',
  description: 'The name server for guests that have egress; null: none.',
  examples: ['9.9.9.9'],
});

const Subnet = component(
  'Subnet',
  { name: NetworkName, cidr: Cidr },
  {
    description: 'A part of a network that VMs can be given their addresses from.',
    examples: [{ name: 'front', cidr: '10.80.0.0/26' }],
  },
);

const POLICY = { egress: 'allow', allow: [], dns: '9.9.9.9' } as const;

export const CreateNetworkRequest = component(
  'CreateNetworkRequest',
  {
    labels: Type.Optional(Labels),
    name: NetworkName,
    cidr: Cidr,
    subnets: Type.Optional(
      Type.Array(Subnet, { maxItems: LIMITS.networks.subnets, description: 'Parts of it, with names.' }),
    ),
    egress: Type.Optional(EgressPolicy),
    allow: Type.Optional(Rules('What its guests may reach outside, of `allowlist`.')),
    dns: Type.Optional(Dns),
  },
  {
    description:
      'A network within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 that has no address in common with another. Default: egress `deny`, no resolver.',
    examples: [{ name: 'blue', cidr: '10.80.0.0/24' }],
  },
);
export type CreateNetworkRequest = Static<typeof CreateNetworkRequest>;

export const UpdateNetworkRequest = component(
  'UpdateNetworkRequest',
  {
    labels: Type.Optional(NewLabels),
    egress: Type.Optional(EgressPolicy),
    allow: Type.Optional(Rules('In place of those that are listed now.')),
    dns: Type.Optional(Dns),
  },
  {
    description: 'What is absent stays as it is.',
    examples: [{ egress: 'allowlist', allow: [{ cidr: '198.51.100.7/32' }] }],
  },
);
export type UpdateNetworkRequest = Static<typeof UpdateNetworkRequest>;

const EXAMPLE_NETWORK = {
  id: EXAMPLE_IDS.network,
  name: 'blue',
  labels: {},
  owner: 'admin',
  cidr: '10.80.0.0/24',
  gateway: '10.80.0.1',
  subnets: [],
  ...POLICY,
  addresses: { total: 253, used: 2 },
  bridge_name: 'vb7d1f0c2a9e34',
  created_at: '2026-01-31T12:00:00.000Z',
  updated_at: '2026-01-31T12:00:00.000Z',
} as const;

export const Network = component(
  'Network',
  {
    id: NetworkId,
    name: NetworkName,
    owner: Type.String({ description: 'The user who owns it. Everybody may use `default`.' }),
    labels: Labels,
    cidr: Cidr,
    gateway: Type.String({ description: 'The address that its guests send through.' }),
    subnets: Type.Array(Subnet, { description: 'Parts of it, with names.' }),
    egress: EgressPolicy,
    allow: Type.Array(TrafficRule, { description: 'What its guests may reach outside, of `allowlist`.' }),
    dns: Dns,
    addresses: Type.Object(
      {
        total: Type.Integer({ minimum: 0, description: 'That VMs can have.' }),
        used: Type.Integer({ minimum: 0, description: 'That VMs have.' }),
      },
      { additionalProperties: false, description: 'How many there are.' },
    ),
    bridge_name: Type.String({
      description: 'What its bridge is called, in the namespace of networks on the host, while a VM is on it.',
    }),
    created_at: timestamp('When it was made.'),
    updated_at: timestamp('When it was last changed.'),
  },
  {
    description: 'Addresses of its own, for VMs that reach each other where they are of one owner.',
    examples: [EXAMPLE_NETWORK],
  },
);
export type Network = Static<typeof Network>;

export const NetworkPage = pageOf('NetworkPage', Network, EXAMPLE_NETWORK);
export type NetworkPage = Static<typeof NetworkPage>;

const Description = Type.String({
  maxLength: LIMITS.networks.descriptionLength,
  pattern: '^[^\\u0000]*$',
  description: 'For people.',
  examples: ['What serves the web'],
});
const Ingress = Rules('What others may begin with its VMs; with none, nothing.');
const GroupEgress = nullable(
  Type.Array(TrafficRule, {
    maxItems: LIMITS.networks.rules,
    description: 'What its VMs may begin with others, within what egress allows; null: all that.',
  }),
);

export const CreateSecurityGroupRequest = component(
  'CreateSecurityGroupRequest',
  {
    labels: Type.Optional(Labels),
    name: SecurityGroupName,
    description: Type.Optional(Description),
    ingress: Type.Optional(Ingress),
    egress: Type.Optional(GroupEgress),
  },
  {
    description: 'Rules that VMs can be put under. Default: nothing in, everything out that egress allows.',
    examples: [{ name: 'web', ingress: [{ cidr: '10.0.0.0/8', protocol: 'tcp', ports: '80' }] }],
  },
);
export type CreateSecurityGroupRequest = Static<typeof CreateSecurityGroupRequest>;

export const UpdateSecurityGroupRequest = component(
  'UpdateSecurityGroupRequest',
  {
    labels: Type.Optional(NewLabels),
    description: Type.Optional(Description),
    ingress: Type.Optional(Ingress),
    egress: Type.Optional(GroupEgress),
  },
  {
    description: 'What is absent stays as it is. What is changed holds at once, for connections that are open too.',
    examples: [{ ingress: [] }],
  },
);
export type UpdateSecurityGroupRequest = Static<typeof UpdateSecurityGroupRequest>;

const EXAMPLE_GROUP = {
  id: EXAMPLE_IDS.securityGroup,
  name: 'web',
  labels: {},
  owner: 'admin',
  description: '',
  ingress: [{ cidr: '10.0.0.0/8', protocol: 'tcp', ports: '80' }],
  egress: null,
  created_at: '2026-01-31T12:00:00.000Z',
  updated_at: '2026-01-31T12:00:00.000Z',
} as const;

export const SecurityGroup = component(
  'SecurityGroup',
  {
    id: SecurityGroupId,
    name: SecurityGroupName,
    owner: Type.String({ description: 'The user who owns it.' }),
    description: Description,
    labels: Labels,
    ingress: Ingress,
    egress: GroupEgress,
    created_at: timestamp('When it was made.'),
    updated_at: timestamp('When it was last changed.'),
  },
  { description: 'Rules that VMs can be put under.', examples: [EXAMPLE_GROUP] },
);
export type SecurityGroup = Static<typeof SecurityGroup>;

export const SecurityGroupPage = pageOf('SecurityGroupPage', SecurityGroup, EXAMPLE_GROUP);
export type SecurityGroupPage = Static<typeof SecurityGroupPage>;

const Groups = Type.Array(SecurityGroupName, {
  maxItems: LIMITS.networks.groupsOfVm,
  description:
    'Security groups that it is under, by name. With none, VMs of the same owner on its network may begin anything with it.',
});

export const VmNetworkRequest = component(
  'VmNetworkRequest',
  {
    mode: Type.Optional(
      stringEnum(['user', 'none', 'bridge'], {
        description:
          '`user`: an interface that reaches nothing; `none`: no interface; `bridge`: an address of its own on a network. Default: `bridge` where a network is named, else `user`.',
      }),
    ),
    name: Type.Optional(NetworkName),
    subnet: Type.Optional(
      nullableString({ maxLength: 63, description: 'The part of the network that its address is to be from.' }),
    ),
    egress: Type.Optional(EgressPolicy),
    allow: Type.Optional(Rules('What it may reach outside, of `allowlist`; never more than its network allows.')),
    security_groups: Type.Optional(Groups),
  },
  {
    description: 'How a VM is to be joined to the network.',
    examples: [{ mode: 'bridge', name: 'blue', egress: 'deny' }],
  },
);
export type VmNetworkRequest = Static<typeof VmNetworkRequest>;

export const VmNetwork = component(
  'VmNetwork',
  {
    mode: stringEnum(['user', 'none', 'bridge'], {
      description:
        '`user`: an interface that reaches nothing; `none`: no interface; `bridge`: an address of its own on a network.',
    }),
    egress: EgressPolicy,
    name: Type.Optional(NetworkName),
    subnet: Type.Optional(nullableString({ description: 'The part of the network that its address is from.' })),
    allow: Type.Optional(Type.Array(TrafficRule, { description: 'What it may reach outside, of `allowlist`.' })),
    security_groups: Type.Optional(Groups),
  },
  {
    description: 'How a VM is joined to the network. Without a bridge it has the mode and `deny` alone.',
    examples: [{ mode: 'user', egress: 'deny' }],
  },
);
export type VmNetwork = Static<typeof VmNetwork>;
