import type { Permission } from './permissions.ts';
import { ALL_RIGHTS, NO_RIGHTS, type Rights } from './rights.ts';

/** Somebody who asks: a user by whatever proves it, the server itself, or nobody. */
export interface Principal {
  readonly kind: 'user' | 'system' | 'nobody';
  /** Of the user whose rights these are: the owner of what is made. Never given to another user. */
  readonly name: string;
  readonly rights: Rights;
  readonly credential: Credential;
  readonly origin: RequestOrigin;
}

export const CREDENTIAL_KINDS = [
  'admin_key',
  'api_key',
  'session',
  'proxy',
  'loopback',
  'integration',
  'none',
] as const;

/** What proved who it is. `id` names the key or the session, or who has sent a command by an integration, in its ids; null where there is only one or none. */
export interface Credential {
  readonly kind: (typeof CREDENTIAL_KINDS)[number];
  readonly id: string | null;
}

/** Where a request came from; null for what the server does by itself. */
export interface RequestOrigin {
  /** Of the client, as far as trusted proxies tell. */
  readonly address: string | null;
  readonly requestId: string | null;
}

/** A resource that belongs to somebody. */
export interface Owned {
  /** Name of a user. */
  readonly owner: string;
}

const BY_NOTHING: Credential = { kind: 'none', id: null };
/** Of what the server does by itself. */
export const FROM_NOWHERE: RequestOrigin = { address: null, requestId: null };

/** The server itself, where nobody has asked: a restart by policy, a VM that is idle or whose time is over. */
export const SYSTEM: Principal = {
  kind: 'system',
  name: 'system',
  rights: ALL_RIGHTS,
  credential: BY_NOTHING,
  origin: FROM_NOWHERE,
};

/** Nobody: on routes that need no credentials. */
export const NOBODY: Principal = {
  kind: 'nobody',
  name: 'nobody',
  rights: NO_RIGHTS,
  credential: BY_NOTHING,
  origin: FROM_NOWHERE,
};

/** Whether the principal may do this to this resource; without one: to any at all, or to what it is about to make. */
export function may({ rights, name }: Principal, permission: Permission, resource: Owned | null = null): boolean {
  if (rights.all.has(permission)) return true;
  return rights.own.has(permission) && (resource === null || resource.owner === name);
}

/**
 * Whose resources a list may show: null, everybody's; else those of this owner. Only for a permission that the principal
 * holds.
 */
export function reachOf({ rights, name }: Principal, permission: Permission): string | null {
  return rights.all.has(permission) ? null : name;
}
