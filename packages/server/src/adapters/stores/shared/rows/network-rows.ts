/** A row of `networks`. */
export interface NetworkRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  /** JSON. */
  readonly labels: string;
  readonly cidr: string;
  /** JSON: `[{ name, cidr }]`. */
  readonly subnets: string;
  /** JSON: `{ policy, allow: [{ cidr, protocol, ports }] }`. */
  readonly egress: string;
  readonly dns: string | null;
  readonly next_address: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
}

/** A row of `leases`; the address as a number. */
export interface LeaseRow {
  readonly network_id: string;
  readonly address: number;
  readonly vm_id: string;
}

/** A row of `security_groups`; its rules as JSON: `[{ cidr, protocol, ports }]`. */
export interface SecurityGroupRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  /** JSON. */
  readonly labels: string;
  readonly description: string;
  readonly ingress: string;
  readonly egress: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
}
