import type { Network, Subnet } from '../../../../domain/network/network.ts';
import type { SecurityGroup } from '../../../../domain/network/security-group.ts';
import type { LeasedVm } from '../../../../ports/tables/network-tables.ts';
import type { LeaseRow, NetworkRow, SecurityGroupRow } from '../rows/network-rows.ts';
import { readRow } from './damaged-row.ts';
import { readNetwork } from './network-column.ts';
import * as read from './read-value.ts';
import { readEgress, readRules } from './traffic-column.ts';

/** A network as a row. */
export function encodeNetwork(network: Network): NetworkRow {
  return {
    id: network.id,
    name: network.name,
    owner: network.owner,
    labels: JSON.stringify(network.labels),
    cidr: network.cidr,
    subnets: JSON.stringify(network.subnets),
    egress: JSON.stringify(network.egress),
    dns: network.dns,
    next_address: network.nextAddress,
    created_at: network.createdAt,
    updated_at: network.updatedAt,
    revision: network.revision,
  };
}

/** The network in a row. Throws `data_loss` store.damaged. */
export function decodeNetwork(row: NetworkRow): Network {
  return readRow({ what: 'network', id: row.id }, () => ({
    id: read.id('net')(row.id, 'id'),
    name: read.text(row.name, 'name'),
    owner: read.text(row.owner, 'owner'),
    labels: readLabels(row.labels, 'labels'),
    cidr: read.text(row.cidr, 'cidr'),
    subnets: subnets(row.subnets, 'subnets'),
    egress: egress(row.egress, 'egress'),
    dns: read.nullable(read.text)(row.dns, 'dns'),
    nextAddress: read.count(row.next_address, 'next_address'),
    createdAt: read.number(row.created_at, 'created_at'),
    updatedAt: read.number(row.updated_at, 'updated_at'),
    revision: read.count(row.revision, 'revision'),
  }));
}

/** A lease with what is known of its VM. */
export type LeasedVmRow = LeaseRow & { readonly name: string; readonly owner: string; readonly network: string };

/** Throws `data_loss` store.damaged. */
export function decodeLeasedVm(row: LeasedVmRow): LeasedVm {
  return readRow({ what: 'lease', id: row.vm_id }, () => {
    const network = vmNetwork(row.network, 'network');
    if (network.mode !== 'bridge') throw new TypeError('a VM that is on no network has an address');
    return {
      networkId: read.id('net')(row.network_id, 'network_id'),
      address: read.count(row.address, 'address'),
      vmId: read.id('vm')(row.vm_id, 'vm_id'),
      name: read.text(row.name, 'name'),
      owner: read.text(row.owner, 'owner'),
      network,
    };
  });
}

/** A security group as a row. */
export function encodeSecurityGroup(group: SecurityGroup): SecurityGroupRow {
  return {
    id: group.id,
    name: group.name,
    owner: group.owner,
    labels: JSON.stringify(group.labels),
    description: group.description,
    ingress: JSON.stringify(group.ingress),
    egress: group.egress === null ? null : JSON.stringify(group.egress),
    created_at: group.createdAt,
    updated_at: group.updatedAt,
    revision: group.revision,
  };
}

/** The security group in a row. Throws `data_loss` store.damaged. */
export function decodeSecurityGroup(row: SecurityGroupRow): SecurityGroup {
  return readRow({ what: 'security group', id: row.id }, () => ({
    id: read.id('sg')(row.id, 'id'),
    name: read.text(row.name, 'name'),
    owner: read.text(row.owner, 'owner'),
    labels: readLabels(row.labels, 'labels'),
    description: read.text(row.description, 'description'),
    ingress: rules(row.ingress, 'ingress'),
    egress: read.nullable(rules)(row.egress, 'egress'),
    createdAt: read.number(row.created_at, 'created_at'),
    updatedAt: read.number(row.updated_at, 'updated_at'),
    revision: read.count(row.revision, 'revision'),
  }));
}

const egress = read.json(readEgress);
const rules = read.json(readRules);
const vmNetwork = read.json(readNetwork);
const subnets = read.json(
  read.list((value, field): Subnet => {
    const stored = read.object(value, field);
    return { name: read.text(stored['name'], `${field}.name`), cidr: read.text(stored['cidr'], `${field}.cidr`) };
  }),
);

const readLabels = read.json(read.record(read.text));
