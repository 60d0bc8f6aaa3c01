import type {
  ApiKey as ApiKeyDto,
  ApiKeyWithSecret,
  Me,
  Role as RoleDto,
  User as UserDto,
  UserQuota,
} from '@volary/contract';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { ApiKey } from '../../../domain/user/api-key.ts';
import type { Quota } from '../../../domain/user/quota.ts';
import type { User } from '../../../domain/user/user.ts';
import type { MadeApiKey } from '../../../engine/apis/user-api.ts';
import type { Role } from '../../../engine/identity/roles-of.ts';
import { toIso, toIsoOrNull } from './to-iso.ts';

/** A user as `/v1` shows it: nothing of the password or the second factor but whether there is one. */
export function toUserDto(user: User): UserDto {
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    display_name: user.displayName,
    roles: [...user.roles],
    state: user.state,
    source: user.source,
    has_password: user.passwordHash !== null,
    mfa_enabled: user.mfa !== null && user.mfa.confirmedAt !== null,
    quota: user.quota === null ? null : toQuotaDto(user.quota),
    labels: { ...user.labels },
    created_at: toIso(user.createdAt),
    updated_at: toIso(user.updatedAt),
    last_login_at: toIsoOrNull(user.lastLoginAt),
  };
}

function toQuotaDto({ memoryMib, diskGib, securityGroups, ...same }: Quota): UserQuota {
  return {
    ...same,
    ...(memoryMib === undefined ? {} : { memory_mib: memoryMib }),
    ...(diskGib === undefined ? {} : { disk_gib: diskGib }),
    ...(securityGroups === undefined ? {} : { security_groups: securityGroups }),
  };
}

/** Limits as a request gives them. */
export function toQuota({
  memory_mib: memoryMib,
  disk_gib: diskGib,
  security_groups: securityGroups,
  ...same
}: UserQuota): Quota {
  return {
    ...same,
    ...(memoryMib === undefined ? {} : { memoryMib }),
    ...(diskGib === undefined ? {} : { diskGib }),
    ...(securityGroups === undefined ? {} : { securityGroups }),
  };
}

/** Who asks, by what, and what may be done. */
export function toMeDto(user: User, { credential, rights }: Principal): Me {
  const { kind, id } = credential;
  const own = [...rights.own].filter((permission) => !rights.all.has(permission));
  return {
    user: toUserDto(user),
    credential: { kind, id },
    permissions: [...rights.all, ...own.map((permission) => `${permission}@own`)],
  };
}

/** A role, made by somebody or built in. */
export function toRoleDto({ name, description, permissions, labels, custom }: Role): RoleDto {
  return {
    name,
    description,
    permissions: [...permissions],
    labels: { ...labels },
    is_built_in: custom === null,
    created_at: toIsoOrNull(custom?.createdAt ?? null),
    updated_at: toIsoOrNull(custom?.updatedAt ?? null),
  };
}

/** A key without its text. */
export function toApiKeyDto(key: ApiKey): ApiKeyDto {
  return {
    id: key.id,
    name: key.name,
    owner: key.owner,
    prefix: `vk_${key.prefix}`,
    permissions: key.permissions === null ? null : [...key.permissions],
    labels: { ...key.labels },
    expires_at: toIsoOrNull(key.expiresAt),
    last_used_at: toIsoOrNull(key.lastUsedAt),
    created_by: key.createdBy,
    created_at: toIso(key.createdAt),
  };
}

/** A key that has just been made, with its text. */
export function toMadeApiKeyDto({ apiKey, key }: MadeApiKey): ApiKeyWithSecret {
  return { ...toApiKeyDto(apiKey), key };
}
