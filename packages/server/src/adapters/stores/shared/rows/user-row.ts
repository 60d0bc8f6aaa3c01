export interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  /** The address as it is compared; set together with it. */
  readonly email_key: string | null;
  readonly display_name: string;
  /** JSON: a list of names. */
  readonly roles: string;
  readonly state: string;
  readonly source: string;
  readonly password_hash: string | null;
  readonly password_changed_at: number | null;
  /** JSON: `{ sealedSecret, confirmedAt, lastUsedStep, recoveryDigests }`. */
  readonly mfa: string | null;
  /** JSON: `{ vms, vcpus, memoryMib, diskGib, snapshots, executions, networks, securityGroups }`, each of them optional. */
  readonly quota: string | null;
  /** JSON: texts by name. */
  readonly labels: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly last_login_at: number | null;
  readonly revision: number;
}

export interface RoleRow {
  readonly name: string;
  readonly description: string;
  /** JSON: a list of patterns. */
  readonly permissions: string;
  /** JSON: texts by name. */
  readonly labels: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
}

export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly prefix: string;
  readonly digest: string;
  /** JSON: a list of patterns. */
  readonly permissions: string | null;
  /** JSON: texts by name. */
  readonly labels: string;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
  readonly created_by: string;
  readonly created_at: number;
}
