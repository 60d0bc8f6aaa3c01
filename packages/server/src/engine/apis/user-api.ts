import type { ApiKeyId, UserId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { ApiKey } from '../../domain/user/api-key.ts';
import type { Quota } from '../../domain/user/quota.ts';
import type { CustomRole } from '../../domain/user/role.ts';
import type { User, UserState } from '../../domain/user/user.ts';
import type { PageRequest } from '../../ports/requests.ts';
import type { Role } from '../identity/roles-of.ts';
import type { Once, Page, Unchanged } from '../requests.ts';

export interface CreateUserRequest {
  readonly name: string;
  readonly email: string | null;
  readonly displayName: string;
  readonly roles: readonly string[];
  /** Null: none is set, and nobody can log in as this user by one. */
  readonly password: string | null;
  readonly quota: Quota | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** What is absent stays as it is. */
export interface UserChange
  extends Partial<Pick<CreateUserRequest, 'email' | 'displayName' | 'roles' | 'quota' | 'labels'>> {
  readonly state?: Exclude<UserState, 'deleted'>;
}

/** What a user may change of the own account. */
export type ProfileChange = Pick<UserChange, 'email' | 'displayName'>;

/**
 * Accounts. A change of one takes all rights that its user has. Each call about one throws `not_found` user.unknown, also about one
 * that is deleted, besides `get`.
 */
export interface UserApi {
  /**
   * Throws `invalid_argument` user.invalid_name / user.weak_password / user.unknown_role, `already_exists` user.name_taken /
   * user.email_taken, `permission_denied` access.cannot_grant.
   */
  create(principal: Principal, request: CreateUserRequest): Promise<User>;
  /** `ref` is an id or a name. */
  get(principal: Principal, ref: string): Promise<User>;
  list(
    principal: Principal,
    request: PageRequest<UserId> & { readonly states: readonly UserState[]; readonly selector?: string },
  ): Promise<Page<User, UserId>>;
  /** Throws as `create`, and `permission_denied` access.outranked, `failed_precondition` user.last_admin, `conflict` user.changed. */
  update(principal: Principal, ref: string, change: UserChange, unchanged?: Unchanged): Promise<User>;
  /**
   * Ends the account for good, with its keys and sessions; its name stays taken. Throws `failed_precondition` user.owns_resources with
   * how many of each, user.last_admin; `permission_denied` access.outranked; `conflict` user.changed.
   */
  delete(principal: Principal, ref: string, unchanged?: Unchanged): Promise<void>;
  /** Throws `invalid_argument` user.weak_password, `permission_denied` access.outranked. */
  setPassword(principal: Principal, ref: string, password: string): Promise<void>;
  /** The asker's own account. Throws `not_found` user.unknown for the server itself. */
  me(principal: Principal): Promise<User>;
  /** Throws `already_exists` user.email_taken, `permission_denied` access.outranked by a key that may do less than its user. */
  updateMe(principal: Principal, change: ProfileChange): Promise<User>;
  /** Makes and tells a password of the built-in administrator, if this server has just made that account; else null. */
  makeFirstPassword(): Promise<string | null>;
}

/** Roles. The built-in ones are listed first, and are not changed. */
export interface RoleApi {
  list(principal: Principal, which?: { readonly selector?: string }): Promise<readonly Role[]>;
  /** Throws `not_found` role.unknown. */
  get(principal: Principal, name: string): Promise<Role>;
  /**
   * Makes the role, or makes it what is asked, with no labels but those that are said. Throws `invalid_argument` role.invalid_name / role.invalid_permission, `failed_precondition`
   * role.built_in, `permission_denied` access.cannot_grant, `resource_exhausted` role.too_many.
   */
  put(
    principal: Principal,
    name: string,
    request: Pick<CustomRole, 'description' | 'permissions'> & Partial<Pick<CustomRole, 'labels'>>,
  ): Promise<{ readonly role: Role; readonly isNew: boolean }>;
  /** Throws `not_found` role.unknown, `failed_precondition` role.built_in / role.in_use with names of users. */
  delete(principal: Principal, name: string): Promise<void>;
}

export interface CreateApiKeyRequest {
  readonly name: string;
  /** Name of the user for whom it speaks; null: the asker. */
  readonly owner: string | null;
  readonly permissions: readonly string[] | null;
  readonly expiresAt: EpochMs | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** What is absent stays as it is; what a key may do, and until when, is said when it is made. */
export type ApiKeyChange = Partial<Pick<CreateApiKeyRequest, 'name' | 'labels'>>;

/** A key, and its text: nobody is told it again. */
export interface MadeApiKey {
  readonly apiKey: ApiKey;
  readonly key: string;
}

/** Keys for programs: one's own, or with the permission on all, everybody's. Each call about one throws `not_found` api_key.unknown. */
export interface ApiKeyApi {
  /**
   * Throws `invalid_argument` api_key.invalid_expiry / role.invalid_permission, `permission_denied` access.cannot_grant, `not_found`
   * user.unknown, `resource_exhausted` api_key.too_many.
   */
  create(principal: Principal, request: CreateApiKeyRequest, options?: Once): Promise<MadeApiKey>;
  get(principal: Principal, id: ApiKeyId): Promise<ApiKey>;
  list(
    principal: Principal,
    request: PageRequest<ApiKeyId> & { readonly owner?: string; readonly selector?: string },
  ): Promise<Page<ApiKey, ApiKeyId>>;
  /** Throws `invalid_argument` vm.invalid_labels. */
  update(principal: Principal, id: ApiKeyId, change: ApiKeyChange): Promise<ApiKey>;
  /** Ends it at once. */
  revoke(principal: Principal, id: ApiKeyId): Promise<void>;
}
