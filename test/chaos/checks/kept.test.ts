import { expect, test } from 'vitest';
import { createBook } from '../book.ts';
import { VERSION } from '../work/deployments.ts';
import { type CheckedDeployment, type CheckedReplica, checkDeployments } from './deployments.ts';
import { differences } from './host-networks.ts';
import { checkNetworks } from './networks.ts';
import { type CheckedVolume, checkVolumes } from './volumes.ts';
import { type CheckedWorkspace, checkWorkspaces } from './workspaces.ts';

/* As in checks.test.ts: each check is shown what it is to find. */

const THERE = { creation: 'accepted', deletion: null, isBusy: false } as const;

const DEPLOYMENT: CheckedDeployment = {
  ...{ id: 'dep_1', name: 'd1', phase: 'running', replicas: 2, is_paused: false, vms: ['d1-1', 'd1-2'] },
  ...{ current_replicas: 2, available_replicas: 2, leaving_replicas: 0, generation: 3, observed_generation: 3 },
  ...{ target_revision: 2, stable_revision: 2, rollout: { state: 'complete' } },
};

function replica(index: number, change: Partial<CheckedReplica> = {}): CheckedReplica {
  const deployment = { id: 'dep_1', index, revision: 2 };
  const id = `vm_${index}`;
  return { id, name: `d1-${index}`, phase: 'running', environment: { [VERSION]: 'v2' }, deployment, ...change };
}

function checkedDeployment(
  change: Partial<CheckedDeployment>,
  {
    vms = [replica(1), replica(2)],
    replicas = [2],
    target = 2,
    isKnown = true,
  }: {
    readonly vms?: readonly CheckedReplica[];
    readonly replicas?: number[];
    readonly target?: number | null;
    readonly isKnown?: boolean;
  } = {},
): string {
  const book = createBook();
  const versions = new Map([[2, 'v2']]);
  const entry = {
    name: 'd1',
    ...THERE,
    replicas,
    isPaused: [change.is_paused ?? false],
    settlesAt: null,
    versions,
    target,
  };
  if (isKnown) book.deployments.push(entry);
  const told = new Map([
    [1, 'v1'],
    [2, 'v2'],
  ]);
  const deployments = [{ ...DEPLOYMENT, ...change }];
  return checkDeployments(book, { deployments, versions: new Map([['dep_1', told]]) }, vms).join('\n');
}

test('the comparison of deployments finds what is unsettled, missing, doubled, of another revision, or not what was asked for', () => {
  expect(checkedDeployment({})).toBe('');
  expect(checkedDeployment({}, { isKnown: false })).toContain('nobody asked for: d1');
  expect(checkedDeployment({}, { replicas: [3] })).toContain('is 2 and was asked to be 3');
  expect(checkedDeployment({}, { replicas: [3, 2] })).toBe('');
  expect(checkedDeployment({}, { target: 1 })).toContain('was asked for 1');
  expect(checkedDeployment({}, { target: null })).toBe('');
  expect(checkedDeployment({ available_replicas: 1 })).toContain('unsettled');
  expect(checkedDeployment({ observed_generation: 2 })).toContain('unsettled');
  expect(checkedDeployment({ stable_revision: 1 })).toContain('revision 1 is stable');
  expect(checkedDeployment({ vms: ['d1-1'] })).toContain('tells of the VMs [d1-1]');
  expect(checkedDeployment({}, { vms: [replica(1)] })).toContain('has the VMs [d1-1]');
  expect(checkedDeployment({}, { vms: [replica(1), replica(1), replica(2)] })).toContain('[d1-1,d1-1,d1-2]');
  expect(checkedDeployment({}, { vms: [replica(1), replica(3)] })).toContain('[d1-1,d1-3]');
  expect(checkedDeployment({}, { vms: [replica(1), replica(2, { phase: 'stopped' })] })).toContain('d1-2 is stopped');
  const [stranger, old] = [
    { id: 'dep_2', index: 1, revision: 1 },
    { id: 'dep_1', index: 2, revision: 1 },
  ];
  const orphan = replica(1, { name: 'd2-1', deployment: stranger });
  expect(checkedDeployment({}, { vms: [replica(1), replica(2), orphan] })).toContain('that is gone: d2-1');
  const outdated = replica(2, { deployment: old, environment: { [VERSION]: 'v1' } });
  expect(checkedDeployment({}, { vms: [replica(1), outdated] })).toContain('d1-2 is of revision 1');
  const paused = { is_paused: true, stable_revision: 1, rollout: { state: 'progressing' } } as const;
  expect(checkedDeployment(paused, { vms: [replica(1), outdated] })).toBe('');
  expect(checkedDeployment({}, { vms: [replica(1), replica(2, { environment: {} })] })).toContain('has undefined');
});

function checkedWorkspace(
  change: Partial<CheckedWorkspace>,
  { vmId = 'vm_1', lines = ['one', 'two'], mayFail = false } = {},
): string {
  const book = createBook();
  book.workspaces.push({ name: 'w1', ...THERE, lines: ['one', 'two'] });
  const workspace = { name: 'w1', status: 'running', vm_id: 'vm_1', error_message: null, ...change } as const;
  const vm = { id: vmId, name: 'w1', labels: { 'volary.workspace': 'w1' } };
  const seen = { vms: [vm], lines: new Map([['vm_1', lines]]), mayFail };
  return checkWorkspaces(book, [workspace], seen).join('\n');
}

test('the comparison of workspaces finds what failed, steps that were done twice or not at all, and VMs that are left over', () => {
  expect(checkedWorkspace({})).toBe('');
  expect(checkedWorkspace({ name: 'w2' })).toContain('lost workspace: w1');
  expect(checkedWorkspace({ status: 'failed', error_message: 'why' })).toContain('is failed: why');
  expect(checkedWorkspace({ status: 'failed' }, { lines: ['one'], mayFail: true })).toBe('');
  expect(checkedWorkspace({ status: 'failed' }, { lines: ['two'], mayFail: true })).toContain('[two]');
  expect(checkedWorkspace({}, { lines: ['one', 'one', 'two'] })).toContain('[one,one,two]');
  expect(checkedWorkspace({}, { lines: ['one'] })).toContain('[one]');
  expect(checkedWorkspace({}, { vmId: 'vm_2' })).toContain('of a workspace that is gone: w1');
  expect(checkedWorkspace({}, { vmId: 'vm_2' })).toContain('w1 has no VM');
});

const NETWORK = { id: 'net_1', name: 'n1', cidr: '10.128.0.0/28', egress: 'deny' } as const;
const FIRST = 10 * 2 ** 24 + 128 * 2 ** 16 + 2;
const LEASE = { networkId: 'net_1', address: FIRST, vmId: 'vm_1' };
const ON_BRIDGE: Parameters<typeof checkNetworks>[2]['vms'][number] = {
  ...{ id: 'vm_1', name: 'c1', ip: '10.128.0.2' },
  network: { mode: 'bridge', name: 'n1', egress: 'deny', security_groups: ['g1'] },
};

function checkedNetwork({
  vms = [ON_BRIDGE],
  leases = [LEASE],
  used = 1,
  networks = [{ ...NETWORK, addresses: { total: 13, used } }],
  ports = '1000',
}: {
  readonly vms?: readonly (typeof ON_BRIDGE)[];
  readonly leases?: readonly (typeof LEASE)[];
  readonly used?: number;
  readonly networks?: Parameters<typeof checkNetworks>[1]['networks'];
  readonly ports?: string;
} = {}): string {
  const book = createBook();
  book.networks.push({ name: 'n1', ...THERE, isKept: false, egress: ['deny'] });
  book.groups.push({ name: 'g1', ...THERE, isKept: false, ports: ['1000'] });
  const groups = [{ name: 'g1', ingress: [{ cidr: '10.0.0.0/8', protocol: 'tcp' as const, ports }] }];
  return checkNetworks(book, { networks, groups }, { vms, leases }).join('\n');
}

test('the comparison of networks finds addresses that are given twice, kept for nobody, missing or of another network', () => {
  const twin = { ...ON_BRIDGE, id: 'vm_2', name: 'c2' };
  expect(checkedNetwork()).toBe('');
  expect(checkedNetwork({ vms: [] })).toContain('is kept for vm_1, which is gone');
  expect(checkedNetwork({ leases: [], used: 0 })).toContain('c1 (bridge) has 0 addresses');
  expect(checkedNetwork({ vms: [ON_BRIDGE, twin], leases: [LEASE, { ...LEASE, vmId: 'vm_2' }], used: 2 })).toContain(
    'given to vm_1 and vm_2',
  );
  expect(checkedNetwork({ used: 2 })).toContain('tells of 2 addresses');
  expect(checkedNetwork({ vms: [{ ...ON_BRIDGE, ip: '10.128.0.3' }] })).toContain('tells of 10.128.0.3');
  const gateway = { leases: [{ ...LEASE, address: FIRST - 1 }], vms: [{ ...ON_BRIDGE, ip: '10.128.0.1' }] };
  expect(checkedNetwork(gateway)).toContain('no address that n1 gives');
  expect(checkedNetwork({ networks: [], used: 0 })).toContain('lost network: n1');
  expect(checkedNetwork({ networks: [] })).toContain('is on n1, which is gone');
  expect(checkedNetwork({ ports: '1001' })).toContain('is 1001 and was asked to be 1000');
});

const EMPTY = {
  kind: 'empty',
  ...{ sha256: null, image: null, volume_id: null, volume_name: null },
  ...{ vm_id: null, vm_name: null, disk: null },
} as const;

const VOLUME = {
  ...{ id: 'vol_1', name: 'v1', state: 'ready' },
  attachments: [{ vm_id: 'vm_1', vm_name: 'c1', disk: 'v1', readonly: false }],
  origin: EMPTY,
} as const satisfies CheckedVolume;
const DISK = { name: 'v1', size_gib: 1, target: 'vdb', readonly: false, sha256: null, format: null, volume: 'vol_1' };

function checkedVolume(
  change: Partial<CheckedVolume>,
  { disks = [DISK], onHost = ['vol_1'], vmId = 'vm_1' } = {},
): string {
  const book = createBook();
  book.volumes.push({ name: 'v1', ...THERE });
  const vms = [{ id: vmId, name: 'c1', disks }];
  return checkVolumes(book, [{ ...VOLUME, attachments: [...VOLUME.attachments], ...change }], { vms, onHost }).join(
    '\n',
  );
}

test('the comparison of volumes finds what is stuck, lost, left over, or had by others than it knows of', () => {
  const [writer] = VOLUME.attachments;
  expect(checkedVolume({})).toBe('');
  expect(checkedVolume({ name: 'v2' })).toContain('lost volume: v1');
  expect(checkedVolume({ state: 'creating' })).toContain('v1 is creating');
  expect(checkedVolume({}, { onHost: [] })).toContain('v1 is not on the host');
  expect(checkedVolume({}, { onHost: ['vol_1', 'vol_2'] })).toContain('of nobody on the host: vol_2');
  expect(checkedVolume({ name: 'v2' })).toContain('a volume that nobody asked for: v2');
  // A fork's copy of a volume is kept with its root.
  const ofFork = { ...EMPTY, kind: 'vm', vm_id: 'vm_2', vm_name: 'c2', disk: 'v1' } as const;
  expect(checkedVolume({ name: 'c2-v1', origin: ofFork })).not.toContain('nobody asked for');
  expect(checkedVolume({ attachments: [writer, writer] })).toContain('a writer and others');
  expect(checkedVolume({}, { vmId: 'vm_2' })).toContain('kept for c1, which does not have it');
  expect(checkedVolume({ attachments: [] })).toContain('c1 has vol_1, which does not know of it');
});

test('the comparison with the host finds what is left over there, missing, or there twice', () => {
  const wanted = { hasNamespace: true, links: ['lo', 'vt1 of vb1'], rules: ['{}'], outside: [] };

  expect(differences(wanted, wanted)).toEqual([]);
  expect(differences(wanted, { ...wanted, links: ['lo', 'vt2 of vb1'] })).toEqual([
    'left over of links: vt2 of vb1',
    'missing of links: vt1 of vb1',
  ]);
  expect(differences(wanted, { ...wanted, rules: ['{}', '{}'] })).toEqual(['something twice of rules']);
  expect(differences(wanted, { ...wanted, outside: ['vu1'] })).toEqual(['left over of outside: vu1']);
  expect(differences({ ...wanted, hasNamespace: false }, wanted)).toEqual(['a namespace that nobody is in']);
});
