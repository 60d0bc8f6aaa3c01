import type { SecretId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Secret } from '../../domain/secret/secret.ts';
import type { PageRequest } from '../../ports/requests.ts';
import type { Page } from '../requests.ts';

export interface CreateSecretRequest {
  readonly name: string;
  readonly value: Uint8Array;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface SetSecretRequest {
  readonly value: Uint8Array;
  /** Absent: it stays as it is. */
  readonly description?: string;
  /** The same. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What came of changing the key. */
export interface KeyRotation {
  /** Of the key that seals now. */
  readonly keyId: string;
  /** How many values were sealed anew, by kind. */
  readonly resealed: Readonly<Record<string, number>>;
  readonly droppedKeys: readonly string[];
}

/**
 * Values with names that VMs are given. None of these calls answers with a value. A secret is referred to by its id, or by the name of one of
 * the principal's own; an unknown one is `not_found` secret.unknown.
 */
export interface SecretApi {
  /** Throws `invalid_argument` secret.invalid_name / secret.invalid_value, `already_exists` secret.name_taken, `resource_exhausted` secret.too_many. */
  create(principal: Principal, request: CreateSecretRequest): Promise<Secret>;
  get(principal: Principal, ref: string): Promise<Secret>;
  list(
    principal: Principal,
    request: PageRequest<SecretId> & { readonly selector?: string },
  ): Promise<Page<Secret, SecretId>>;
  /** Gives it another value. Throws `invalid_argument` secret.invalid_value. */
  set(principal: Principal, ref: string, request: SetSecretRequest): Promise<Secret>;
  /** Throws `failed_precondition` secret.in_use, naming VMs that are given it. */
  delete(principal: Principal, ref: string): Promise<void>;
  /**
   * Seals all that is sealed with a new key, and drops the old ones. Needs `sealing-key:rotate` on everybody's. Throws `failed_precondition`
   * secret.one_key_given, `conflict` secret.rotating, `data_loss` sealer.* when something cannot be opened: then no key is dropped.
   */
  rotateKey(principal: Principal): Promise<KeyRotation>;
}
