import type {
  CreateSecretRequest,
  RotatedKey,
  Secret as SecretDto,
  SetSecretRequest,
  UpdateVmRequest,
  VmSecret,
  VmSecretRequest,
} from '@volary/contract';
import type { GrantRequest } from '../../../domain/secret/grant.ts';
import { DEFAULT_FILE_MODE, type SecretGrant } from '../../../domain/secret/grant.ts';
import type { Secret } from '../../../domain/secret/secret.ts';
import type { KeyRotation } from '../../../engine/apis/secret-api.ts';
import { invalidFields } from '../../validation.ts';
import { toIso, toIsoOrNull } from './to-iso.ts';

/** A secret as `/v1` shows it: never its value. */
export function toSecretDto(secret: Secret): SecretDto {
  return {
    id: secret.id,
    name: secret.name,
    owner: secret.owner,
    description: secret.description,
    labels: secret.labels,
    version: secret.version,
    size_bytes: secret.sizeBytes,
    is_text: secret.isText,
    created_at: toIso(secret.createdAt),
    updated_at: toIso(secret.updatedAt),
    last_used_at: toIsoOrNull(secret.lastUsedAt),
  };
}

export function toRotatedKeyDto({ keyId, resealed, droppedKeys }: KeyRotation): RotatedKey {
  return { key_id: keyId, resealed: { ...resealed }, dropped_keys: [...droppedKeys] };
}

/** A secret that a VM is given. */
export function toVmSecretDto({ name, env, file }: SecretGrant): VmSecret {
  return { name, env, file: file?.path ?? null, mode: file === null ? null : toModeText(file.mode) };
}

/** The bytes of a value. Throws `invalid_argument` request.invalid, with nothing of the value. */
export function toValue({
  value,
  encoding = 'utf-8',
}: Pick<CreateSecretRequest | SetSecretRequest, 'value' | 'encoding'>): Uint8Array {
  const bytes = Buffer.from(value, encoding);
  // Node takes as base64 whatever of a text is.
  if (encoding === 'base64' && bytes.toString('base64').replace(/=+$/, '') !== value.replace(/=+$/, ''))
    throw invalidFields([{ field: 'value', message: 'must be base64' }]);
  return bytes;
}

/** The secrets of a VM, as they were asked for. Throws `invalid_argument` request.invalid. */
export function toGrants({ secrets }: Pick<UpdateVmRequest, 'secrets'>): {
  readonly secrets?: readonly GrantRequest[];
} {
  return secrets === undefined ? {} : { secrets: secrets.map(toGrant) };
}

function toGrant({ name, env, file, mode }: VmSecretRequest, index: number): GrantRequest {
  if (file === undefined && mode !== undefined)
    throw invalidFields([{ field: `secrets[${index}].mode`, message: 'goes with file' }]);
  const bits = mode === undefined ? DEFAULT_FILE_MODE : Number.parseInt(mode, 8);
  return { ref: name, env: env ?? null, file: file === undefined ? null : { path: file, mode: bits } };
}

function toModeText(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
