import type { Event, EventType, NewEvent } from '../domain/events.ts';
import type { KeptAnswer, KeyedRequest } from '../domain/idempotency/keyed-request.ts';
import type {
  ApiKeyId,
  DeliveryId,
  OperationId,
  SecretId,
  SessionId,
  SnapshotId,
  UserId,
  VmId,
  WebhookId,
} from '../domain/ids.ts';
import type { Operation, OperationKind, OperationState } from '../domain/operation/operation.ts';
import type { Secret } from '../domain/secret/secret.ts';
import type { Session, SessionEnd } from '../domain/session/session.ts';
import type { SigningKey } from '../domain/session/signing-key.ts';
import type { Snapshot, SnapshotState } from '../domain/snapshot/snapshot.ts';
import type { TemplateRef } from '../domain/template/template.ts';
import type { EpochMs } from '../domain/time.ts';
import type { ApiKey } from '../domain/user/api-key.ts';
import type { CustomRole } from '../domain/user/role.ts';
import type { User, UserState } from '../domain/user/user.ts';
import type { VmPhase } from '../domain/vm/phase.ts';
import type { Vm } from '../domain/vm/vm.ts';
import type { Delivery, DeliveryKind, DeliveryState } from '../domain/webhook/delivery.ts';
import type { Webhook } from '../domain/webhook/webhook.ts';
import type { AuditTable } from './audit-table.ts';
import type { ExecutionTable } from './execution-table.ts';
import type { ImageTable } from './image-table.ts';
import type { FinishedBefore, OfOwner, PageRequest } from './requests.ts';
import type { TemplateTable } from './template-table.ts';
import type { VmRevisionTable } from './vm-revision-table.ts';

export type { FinishedBefore, OfOwner, PageRequest };

/** What VMs were promised, all together. */
export interface Promised {
  readonly vmCount: number;
  /** Those that are wanted running or paused, and the memory of their guests. */
  readonly poweredCount: number;
  readonly memoryMib: number;
  /** Virtual sizes of all disks. */
  readonly diskGib: number;
}

/** What one user has of VMs. */
export interface VmUsage {
  /** Those that are kept, whatever they are doing, and the virtual sizes of their disks. */
  readonly vms: number;
  readonly diskGib: number;
  /** Of those that are wanted running or paused. */
  readonly vcpus: number;
  readonly memoryMib: number;
}

/** VMs, in the order they were made. */
export interface VmTable {
  /** Throws `already_exists` vm.name_taken. */
  insert(vm: Vm): Promise<void>;
  get(id: VmId): Promise<Vm | null>;
  getByName(name: string): Promise<Vm | null>;
  list(
    page: PageRequest<VmId> & OfOwner & { readonly phases?: readonly VmPhase[]; readonly name?: string },
  ): Promise<readonly Vm[]>;
  /** Writes the row if its revision is still `vm.revision - 1`; throws `conflict` store.revision otherwise. */
  update(vm: Vm): Promise<void>;
  /** Removes the row if its revision is still this one; throws `conflict` store.revision otherwise. */
  delete(id: VmId, revision: number): Promise<void>;
  /** What all VMs on the host together were promised, for admission. */
  promised(): Promise<Promised>;
  /** What the VMs of this owner come to, for quotas. */
  usageOf(owner: string): Promise<VmUsage>;
  /** VMs with a life to come that begins from this snapshot, in the order they were made; at most `limit`. */
  listPendingFrom(snapshotId: SnapshotId, limit: number): Promise<readonly Vm[]>;
  /** VMs that are given this secret, in the order they were made; at most `limit`. */
  listGiven(secretId: SecretId, limit: number): Promise<readonly Vm[]>;
  /** VMs that were made from this version of a template, or from any, in the order they were made; at most `limit`. */
  listMadeFrom(template: TemplateRef, limit: number): Promise<readonly Vm[]>;
  /** VMs that are deleted by themselves some day, the next one first. */
  listExpiries(): Promise<readonly Vm[]>;
  /**
   * A number that grows with each committed change of this table; null where another process may write. What was read
   * while it had this value is still true while it has it.
   */
  changeCount(): number | null;
}

export interface OperationTable {
  /** Throws `conflict` operation.active if the VM has an operation that is not final. */
  insert(operation: Operation): Promise<void>;
  get(id: OperationId): Promise<Operation | null>;
  /** Newest first. `after` is the last id of the page before. */
  list(
    page: PageRequest<OperationId> &
      OfOwner & {
        readonly vmId?: VmId;
        readonly state?: OperationState;
        readonly kind?: OperationKind;
      },
  ): Promise<readonly Operation[]>;
  /** Writes the row if its revision is still `operation.revision - 1`; throws `conflict` store.revision otherwise. */
  update(operation: Operation): Promise<void>;
  /** The VM's operation that is not final, if there is one: never more than one. */
  findActive(vmId: VmId): Promise<Operation | null>;
  /** All that are not final, oldest first: what a starting server has to go on with. */
  listActive(): Promise<readonly Operation[]>;
  /** Removes finished operations that were completed before this moment; at most `limit`. Returns how many. */
  deleteFinished(which: FinishedBefore): Promise<number>;
}

export interface EventFilter {
  readonly types?: readonly EventType[];
  readonly vmId?: string;
  /** Name of a user: about what is theirs. */
  readonly owner?: string;
}

/** The ordered, durable log. An event is appended in the transaction of the change it tells of. */
export interface EventTable {
  append(events: readonly NewEvent[]): Promise<void>;
  /** Events with a sequence above `after`, in order. */
  list(request: EventFilter & { readonly after: number; readonly limit: number }): Promise<readonly Event[]>;
  /** The oldest sequence that is kept, and the last that was given out. When nothing is kept, `first` is the one to come. */
  bounds(): Promise<{ readonly first: number; readonly last: number }>;
  /**
   * Drops events from the log's beginning as long as they happened before this moment, or are more than `keep` before the last one; at
   * most `limit` of them. Returns how many. Sequences are never used again.
   */
  trim(what: { readonly before: number; readonly keep: number; readonly limit: number }): Promise<number>;
}

/** Facts about the installation itself, by name: its id, its schema's age. */
export interface SettingTable {
  get(name: string): Promise<string | null>;
  /** Stores the value unless the name has one; returns the one that is stored. */
  getOrInsert(name: string, value: string): Promise<string>;
}

/** Requests that took effect under a key; no two of one principal have the same key. */
export interface IdempotencyKeyTable {
  /** Writes the row unless the principal's key has one; false then. */
  insert(request: KeyedRequest): Promise<boolean>;
  get(principal: string, key: string): Promise<KeyedRequest | null>;
  /** Keeps the answer to the request with this id, unless one is kept; without such a row it changes nothing. */
  keepAnswer(request: KeyOwner, answer: KeptAnswer): Promise<void>;
  /** Removes the row, if it is still that of the request with this id. */
  delete(request: KeyOwner): Promise<void>;
  /** Removes the oldest rows from before this moment, at most `limit` of them. Returns how many. */
  deleteOld(which: { readonly createdBefore: number; readonly limit: number }): Promise<number>;
}

/** Webhooks, in the order they were made. */
export interface WebhookTable {
  insert(webhook: Webhook): Promise<void>;
  get(id: WebhookId): Promise<Webhook | null>;
  list(page: PageRequest<WebhookId> & OfOwner): Promise<readonly Webhook[]>;
  /** Writes the row if its revision is still `webhook.revision - 1`; throws `conflict` store.revision otherwise. */
  update(webhook: Webhook): Promise<void>;
  /** Removes it with its deliveries. False if it is not there. */
  delete(id: WebhookId): Promise<boolean>;
  count(): Promise<number>;
}

export interface DeliveryTable {
  /** Throws `conflict` store.constraint when its webhook is not there. */
  insert(delivery: Delivery): Promise<void>;
  get(id: DeliveryId): Promise<Delivery | null>;
  /** Newest first. */
  list(
    page: PageRequest<DeliveryId> & { readonly webhookId: WebhookId; readonly state?: DeliveryState },
  ): Promise<readonly Delivery[]>;
  /** Writes the row, if it is there. */
  update(delivery: Delivery): Promise<void>;
  /** The one of these kinds that waits and is to be tried first; of several at one moment, that of the lowest sequence. */
  firstWaiting(which: {
    readonly webhookId: WebhookId;
    readonly kinds: readonly DeliveryKind[];
  }): Promise<Delivery | null>;
  countWaiting(webhookId: WebhookId): Promise<number>;
  /** Lets all that wait be tried from this moment on, as if for the first time. */
  restartWaiting(webhookId: WebhookId, now: number): Promise<void>;
  /** Removes those of kind `event` that wait and have a sequence above this one. */
  deleteWaitingEvents(which: { readonly webhookId: WebhookId; readonly above: number }): Promise<void>;
  /** Removes the oldest of those completed before this moment, at most `limit` of them. Returns how many. */
  deleteOld(which: { readonly completedBefore: number; readonly limit: number }): Promise<number>;
}

/** Snapshots, in the order they were made. */
export interface SnapshotTable {
  /** Throws `already_exists` snapshot.name_taken. */
  insert(snapshot: Snapshot): Promise<void>;
  get(id: SnapshotId): Promise<Snapshot | null>;
  getByName(name: string): Promise<Snapshot | null>;
  list(
    page: PageRequest<SnapshotId> &
      OfOwner & {
        readonly sourceId?: VmId;
        readonly state?: SnapshotState;
        readonly isTemporary?: boolean;
      },
  ): Promise<readonly Snapshot[]>;
  /** Those on which there is something to do by themselves: being made or removed, or made for a fork. */
  listUnsettled(): Promise<readonly Snapshot[]>;
  /** Writes the row if its revision is still `snapshot.revision - 1`; throws `conflict` store.revision otherwise. */
  update(snapshot: Snapshot): Promise<void>;
  /** Removes the row if its revision is still this one; throws `conflict` store.revision otherwise. */
  delete(id: SnapshotId, revision: number): Promise<void>;
  count(): Promise<number>;
  /** Those of this owner, without what forks keep for a moment. */
  countOf(owner: string): Promise<number>;
}

/** Users, in the order they were made. Rows are never removed: a name is given once. */
export interface UserTable {
  /** Throws `already_exists` user.name_taken / user.email_taken. */
  insert(user: User): Promise<void>;
  get(id: UserId): Promise<User | null>;
  /** Also one that is deleted. */
  getByName(name: string): Promise<User | null>;
  /** By the e-mail address, whatever the case of its letters. */
  getByEmail(email: string): Promise<User | null>;
  list(page: PageRequest<UserId> & { readonly states?: readonly UserState[] }): Promise<readonly User[]>;
  /** Those that have this role and are not deleted, in the order they were made; at most `limit`. */
  listWithRole(role: string, limit: number): Promise<readonly User[]>;
  /** Those with a second factor that begins with `prefix` as it is sealed, at most `limit`. */
  listMfaSealedBy(prefix: string, limit: number): Promise<readonly User[]>;
  /** Writes the row if its revision is still `user.revision - 1`; throws `conflict` store.revision otherwise, `already_exists` user.email_taken. */
  update(user: User): Promise<void>;
  /** How much belongs to the user of this name, of each kind. */
  countOwned(name: string): Promise<OwnedCounts>;
  /** Notes a login. It is no change of the row: its revision stays. */
  markLogin(id: UserId, at: EpochMs): Promise<void>;
}

/** How much belongs to somebody. */
export interface OwnedCounts {
  readonly vms: number;
  readonly snapshots: number;
  readonly webhooks: number;
  readonly secrets: number;
  readonly templates: number;
}

/** Roles that somebody made, by name. */
export interface RoleTable {
  /** Throws `already_exists` role.name_taken. */
  insert(role: CustomRole): Promise<void>;
  get(name: string): Promise<CustomRole | null>;
  list(page: PageRequest<string>): Promise<readonly CustomRole[]>;
  /** Writes the row if its revision is still `role.revision - 1`; throws `conflict` store.revision otherwise. */
  update(role: CustomRole): Promise<void>;
  /** False if it is not there. */
  delete(name: string): Promise<boolean>;
}

/** API keys, in the order they were made. A key that is revoked is removed. */
export interface ApiKeyTable {
  /** Throws `conflict` store.constraint when its prefix is another's. */
  insert(key: ApiKey): Promise<void>;
  get(id: ApiKeyId): Promise<ApiKey | null>;
  getByPrefix(prefix: string): Promise<ApiKey | null>;
  list(page: PageRequest<ApiKeyId> & { readonly owner?: string }): Promise<readonly ApiKey[]>;
  countOf(owner: string): Promise<number>;
  /** Notes its use, if it is there. */
  markUsed(id: ApiKeyId, at: EpochMs): Promise<void>;
  /** False if it is not there. */
  delete(id: ApiKeyId): Promise<boolean>;
  /** Removes all of this owner's. Returns how many. */
  deleteOf(owner: string): Promise<number>;
}

/** What logins have opened, in the order they did. */
export interface SessionTable {
  /** Throws `conflict` store.constraint when its user is not there. */
  insert(session: Session): Promise<void>;
  get(id: SessionId): Promise<Session | null>;
  /** Those that nobody ended, that end after `live.at`, and that were used after `live.usedAfter`. */
  list(
    page: PageRequest<SessionId> & {
      readonly owner?: string;
      readonly live: { readonly at: EpochMs; readonly usedAfter: EpochMs };
    },
  ): Promise<readonly Session[]>;
  /** Writes the row if its revision is still `session.revision - 1`; throws `conflict` store.revision otherwise. */
  update(session: Session): Promise<void>;
  /** Ends those of the user that nobody has ended, but not `except`. Returns how many. */
  endAllOf(userId: UserId, end: SessionEnd, except: SessionId | null): Promise<number>;
  /** Ends those of the user that nobody has ended, but not the `keep` that were used last. Returns how many. */
  endBeyond(userId: UserId, keep: number, end: SessionEnd): Promise<number>;
  /** Removes those whose last possible end was before this moment, at most `limit` of them. Returns how many. */
  deleteOld(which: { readonly expiredBefore: EpochMs; readonly limit: number }): Promise<number>;
}

/** The keys of tokens: a handful. */
export interface SigningKeyTable {
  insert(key: SigningKey): Promise<void>;
  /** All, by when they begin to sign. */
  list(): Promise<readonly SigningKey[]>;
  /** Puts what has been sealed anew in the place of what is there. */
  reseal(keyId: string, sealedPrivateKey: string): Promise<void>;
  delete(keyId: string): Promise<void>;
}

/** Secrets, in the order they were made. */
export interface SecretTable {
  /** Throws `already_exists` secret.name_taken when its owner has one of this name. */
  insert(secret: Secret): Promise<void>;
  get(id: SecretId): Promise<Secret | null>;
  getByName(owner: string, name: string): Promise<Secret | null>;
  list(page: PageRequest<SecretId> & { readonly owner?: string }): Promise<readonly Secret[]>;
  /** Writes the row but for `lastUsedAt`, if its revision is still `secret.revision - 1`; throws `conflict` store.revision otherwise. */
  update(secret: Secret): Promise<void>;
  /** Notes that these were used at this moment, or later. */
  noteUsed(ids: readonly SecretId[], at: number): Promise<void>;
  /** Removes the row if its revision is still this one; throws `conflict` store.revision otherwise. */
  delete(id: SecretId, revision: number): Promise<void>;
  count(owner: string): Promise<number>;
  /** Secrets whose sealed value begins so, or does not; at most `limit`. */
  listSealedBy(prefix: string, limit: number): Promise<readonly Secret[]>;
  listNotSealedBy(prefix: string, limit: number): Promise<readonly Secret[]>;
}

/** A key, as long as it is that of one request. */
export type KeyOwner = Pick<KeyedRequest, 'principal' | 'key' | 'requestId'>;

export interface Tables {
  readonly vms: VmTable;
  readonly vmRevisions: VmRevisionTable;
  readonly operations: OperationTable;
  readonly executions: ExecutionTable;
  readonly events: EventTable;
  readonly settings: SettingTable;
  readonly idempotencyKeys: IdempotencyKeyTable;
  readonly webhooks: WebhookTable;
  readonly deliveries: DeliveryTable;
  readonly snapshots: SnapshotTable;
  readonly users: UserTable;
  readonly roles: RoleTable;
  readonly apiKeys: ApiKeyTable;
  readonly sessions: SessionTable;
  readonly signingKeys: SigningKeyTable;
  readonly secrets: SecretTable;
  readonly templates: TemplateTable;
  readonly audit: AuditTable;
  readonly images: ImageTable;
}

/**
 * What must not be lost. Methods outside a transaction are one by themselves. Throws `unavailable` store.busy when the
 * database is locked for too long, `resource_exhausted` store.full when its disk is full, `data_loss` store.damaged.
 */
export interface Store extends Tables, AsyncDisposable {
  /** All of `work`'s writes or none, and nobody sees half of them. `work` uses only the tables it is given. */
  transaction<T>(work: (tables: Tables) => Promise<T>): Promise<T>;
}
