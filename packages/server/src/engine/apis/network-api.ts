import type { NetworkId, SecurityGroupId } from '../../domain/ids.ts';
import type { Network, Subnet } from '../../domain/network/network.ts';
import type { SecurityGroup } from '../../domain/network/security-group.ts';
import type { Egress } from '../../domain/network/traffic.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { PageRequest } from '../../ports/requests.ts';
import type { Page, Unchanged } from '../requests.ts';

export interface CreateNetworkRequest {
  readonly name: string;
  readonly cidr: string;
  readonly subnets: readonly Subnet[];
  readonly egress: Egress;
  readonly dns: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** What is absent stays as it is. */
export type NetworkChange = Partial<Pick<CreateNetworkRequest, 'dns' | 'labels'>> & {
  readonly egress?: Partial<Egress>;
};

/** A network, and how many of its addresses VMs have. */
export interface NetworkUse {
  readonly network: Network;
  readonly total: number;
  readonly used: number;
}

/** `ref` is an id or a name; one that is not there, or that nobody may know of: `not_found` network.unknown. */
export interface NetworkApi {
  /**
   * Throws `invalid_argument` network.invalid_cidr, network.invalid_subnet, network.invalid_rule, network.never_reached; `already_exists`
   * network.name_taken, network.overlaps; `resource_exhausted` network.too_many.
   */
  create(principal: Principal, request: CreateNetworkRequest): Promise<NetworkUse>;
  get(principal: Principal, ref: string): Promise<NetworkUse>;
  list(
    principal: Principal,
    request: PageRequest<NetworkId> & { readonly selector?: string },
  ): Promise<Page<NetworkUse, NetworkId>>;
  /** Throws `invalid_argument` network.invalid_rule, network.never_reached, `conflict` network.changed. */
  update(principal: Principal, ref: string, change: NetworkChange, unchanged?: Unchanged): Promise<NetworkUse>;
  /** Throws `failed_precondition` network.in_use naming VMs, network.built_in, `conflict` network.changed. */
  delete(principal: Principal, ref: string, unchanged?: Unchanged): Promise<void>;
}

export type SecurityGroupSettings = Pick<SecurityGroup, 'description' | 'ingress' | 'egress' | 'labels'>;
export type CreateSecurityGroupRequest = SecurityGroupSettings & Pick<SecurityGroup, 'name'>;

/** `ref` is an id or a name; one that is not there, or that nobody may know of: `not_found` security_group.unknown. */
export interface SecurityGroupApi {
  /** Throws `invalid_argument` network.invalid_rule, `already_exists` security_group.name_taken, `resource_exhausted` security_group.too_many. */
  create(principal: Principal, request: CreateSecurityGroupRequest): Promise<SecurityGroup>;
  get(principal: Principal, ref: string): Promise<SecurityGroup>;
  list(
    principal: Principal,
    request: PageRequest<SecurityGroupId> & { readonly selector?: string },
  ): Promise<Page<SecurityGroup, SecurityGroupId>>;
  /** Throws `invalid_argument` network.invalid_rule, `conflict` security_group.changed. */
  update(
    principal: Principal,
    ref: string,
    change: Partial<SecurityGroupSettings>,
    unchanged?: Unchanged,
  ): Promise<SecurityGroup>;
  /** Throws `failed_precondition` security_group.in_use naming VMs, `conflict` security_group.changed. */
  delete(principal: Principal, ref: string, unchanged?: Unchanged): Promise<void>;
}
