import type { NetworkId, SecurityGroupId, VmId } from '../../domain/ids.ts';
import type { Network } from '../../domain/network/network.ts';
import type { Pool } from '../../domain/network/pool.ts';
import type { SecurityGroup } from '../../domain/network/security-group.ts';
import type { BridgedNetwork } from '../../domain/network/vm-network.ts';
import type { OfOwner, PageRequest } from '../requests.ts';

/** Networks, in the order they were made. To those of an owner belongs the one that everybody may use. */
export interface NetworkTable {
  /** Throws `already_exists` network.name_taken. */
  insert(network: Network): Promise<void>;
  get(id: NetworkId): Promise<Network | null>;
  getByName(name: string): Promise<Network | null>;
  list(page: PageRequest<NetworkId> & OfOwner): Promise<readonly Network[]>;
  /** Writes the row if its revision is still `network.revision - 1`; throws `conflict` store.revision otherwise. */
  update(network: Network): Promise<void>;
  /** Removes the row if its revision is still this one; throws `conflict` store.revision otherwise, `conflict` store.constraint while it has leases. */
  delete(id: NetworkId, revision: number): Promise<void>;
  /** How many this user has. */
  countOf(owner: string): Promise<number>;
}

/** An address that a VM has as long as it is kept. */
export interface Lease {
  readonly networkId: NetworkId;
  readonly address: number;
  readonly vmId: VmId;
}

/** A VM on a network, with what its traffic is judged by. */
export interface LeasedVm extends Lease {
  readonly name: string;
  readonly owner: string;
  readonly network: BridgedNetwork;
}

/** Who has which address. A VM's lease goes with the row of the VM, in one transaction. */
export interface LeaseTable {
  /** Gives it to the VM, which is stored, and remembers where the next one is looked for. Throws `conflict` store.constraint when it is another's, or the VM has one. */
  insert(lease: Lease): Promise<void>;
  ofVm(vmId: VmId): Promise<Lease | null>;
  /** Addresses of this network that are given, this one or later, ascending; at most `limit`. */
  takenFrom(networkId: NetworkId, address: number, limit: number): Promise<readonly number[]>;
  /** How many addresses of this network are given, of these. */
  countIn(networkId: NetworkId, pool: Pool): Promise<number>;
  /** All, of one network or of all, in the order of the VMs' ids. */
  list(page: PageRequest<VmId> & { readonly networkId?: NetworkId }): Promise<readonly LeasedVm[]>;
}

/** Security groups, in the order they were made. */
export interface SecurityGroupTable {
  /** Throws `already_exists` security_group.name_taken. */
  insert(group: SecurityGroup): Promise<void>;
  get(id: SecurityGroupId): Promise<SecurityGroup | null>;
  getByName(name: string): Promise<SecurityGroup | null>;
  list(page: PageRequest<SecurityGroupId> & OfOwner): Promise<readonly SecurityGroup[]>;
  /** Writes the row if its revision is still `group.revision - 1`; throws `conflict` store.revision otherwise. */
  update(group: SecurityGroup): Promise<void>;
  /** Removes the row if its revision is still this one; throws `conflict` store.revision otherwise. */
  delete(id: SecurityGroupId, revision: number): Promise<void>;
  count(): Promise<number>;
  /** How many this user has. */
  countOf(owner: string): Promise<number>;
}
