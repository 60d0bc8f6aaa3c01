import type { Event, EventType } from '../domain/events.ts';
import type { ExecRequest, Execution, OutputStream } from '../domain/execution/execution.ts';
import type { Host } from '../domain/host/host.ts';
import type { KeptAnswer } from '../domain/idempotency/keyed-request.ts';
import type { ExecutionId, OperationId, VmId } from '../domain/ids.ts';
import type { StoredImage } from '../domain/image/definition.ts';
import type { Image } from '../domain/image/image.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Operation, OperationKind, OperationState } from '../domain/operation/operation.ts';
import type { Principal } from '../domain/principal/principal.ts';
import type { EpochMs } from '../domain/time.ts';
import type { Lifetime } from '../domain/vm/expiry.ts';
import type { VmPhase } from '../domain/vm/phase.ts';
import type { VmSpec } from '../domain/vm/spec.ts';
import type { Vm, VmHealth } from '../domain/vm/vm.ts';
import type { WarmStart } from '../domain/vm/warm-start.ts';
import type { GuestFile, GuestRead } from '../ports/guest-link.ts';
import type { RateLimits } from './access/rate-limits.ts';
import type { AuditApi } from './audit/audit-api.ts';
import type { AuthApi } from './auth-api.ts';
import type { ConfigApi } from './config/config-api.ts';
import type { HealthApi } from './health/health-api.ts';
import type { Authenticate } from './identity/authenticate.ts';
import type { PrincipalWatch } from './identity/principal-watch.ts';
import type { NewImage } from './images/new-image.ts';
import type { QuotaApi } from './quotas/quota-api.ts';
import type { Accepted, Claim, Once, Page, Precondition } from './requests.ts';
import type { GrantRequest } from './secrets/grants.ts';
import type { SecretApi } from './secrets/secret-api.ts';
import type { SnapshotApi } from './snapshot-api.ts';
import type { SystemApi } from './system/system-api.ts';
import type { TemplateApi } from './templates/template-api.ts';
import type { ToolApi } from './tool-api.ts';
import type { ApiKeyApi, RoleApi, UserApi } from './user-api.ts';
import type { WarmTemplateApi } from './warm/warm-template-api.ts';
import type { WebhookApi } from './webhook-api.ts';
import type { WorkloadApi } from './workload-api.ts';
import type { WorkloadInterface } from './workload-interface.ts';

/**
 * All that the faces can ask for. Every call names who asks and goes through `access/`; every call may throw
 * `permission_denied` access.denied. A VM is referred to by its id or its name; an unknown one is `not_found` vm.unknown.
 */
export interface Engine {
  readonly vms: VmApi;
  readonly operations: OperationApi;
  readonly executions: ExecutionApi;
  readonly health: HealthApi;
  readonly workloads: WorkloadApi;
  readonly workloadInterfaces: WorkloadInterface;
  readonly files: FileApi;
  readonly events: EventApi;
  readonly images: ImageApi;
  readonly tools: ToolApi;
  readonly hosts: HostApi;
  readonly webhooks: WebhookApi;
  readonly snapshots: SnapshotApi;
  readonly secrets: SecretApi;
  readonly system: SystemApi;
  readonly users: UserApi;
  readonly roles: RoleApi;
  readonly apiKeys: ApiKeyApi;
  readonly templates: TemplateApi;
  readonly warmTemplates: WarmTemplateApi;
  readonly auth: AuthApi;
  readonly idempotency: IdempotencyApi;
  readonly rateLimits: RateLimits;
  readonly authenticate: Authenticate;
  /** Has `lost` called when somebody who was let in is not any more, or may do less; the returned function ends that. */
  readonly watchPrincipal: PrincipalWatch['watch'];
  readonly audit: AuditApi;
  readonly quotas: QuotaApi;
  /** What this server can do, for clients that adapt. */
  capabilities(): Promise<Capabilities>;
  /** Null when it takes work, else a sentence that says what it waits for. */
  whyNotReady(): string | null;
}

export interface CreateVmRequest {
  /** Null: a free one is made up. */
  readonly name: string | null;
  /** What it is made from, as `name` or `name@version`; absent: from nothing but this request. */
  readonly template?: string;
  readonly spec: Partial<VmSpec>;
  /** As `name` or `name@range`; besides those of the template, and in place of these where they name the same. */
  readonly tools?: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: JsonObject;
  /** False: the disk is made and nothing is started. */
  readonly start: boolean;
  readonly warmStart: WarmStart;
  /** After which it is deleted by itself; absent: never. */
  readonly lifetime?: Lifetime;
  /** Absent: none. */
  readonly secrets?: readonly GrantRequest[];
}

export interface Waiting {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface VmApi extends ConfigApi {
  /** Throws `already_exists` vm.name_taken, `invalid_argument` vm.*, `resource_exhausted` host.no_memory / host.no_disk with the figures, `failed_precondition` vm.no_warm_template / template.disabled, `not_found` template.unknown. */
  create(principal: Principal, request: CreateVmRequest, options?: Once): Promise<Accepted>;
  /** Throws `failed_precondition` vm.already_running. */
  start(principal: Principal, ref: string, options: Precondition): Promise<Accepted>;
  /** `graceMs` 0 ends the machine at once. Throws `failed_precondition` vm.already_stopped. */
  stop(principal: Principal, ref: string, options: Precondition & { readonly graceMs: number }): Promise<Accepted>;
  /** Starts a stopped one. */
  restart(principal: Principal, ref: string, options: Precondition & { readonly graceMs: number }): Promise<Accepted>;
  /** Throws `failed_precondition` vm.not_running, `unsupported` driver.cannot_pause. */
  pause(principal: Principal, ref: string, options: Precondition): Promise<Accepted>;
  /**
   * Saves its memory to disk and ends its machine; it goes on from there by `resume` or `start`. Throws `failed_precondition`
   * vm.not_running / vm.already_suspended, `unsupported` driver.no_snapshots, `resource_exhausted` host.no_disk.
   */
  suspend(principal: Principal, ref: string, options: Precondition): Promise<Accepted>;
  /** Of a suspended one, also `resource_exhausted` host.no_memory. Throws `failed_precondition` vm.not_paused. */
  resume(principal: Principal, ref: string, options: Precondition): Promise<Accepted>;
  /** Works from every phase, also twice: a deletion under way is returned as it is. */
  delete(principal: Principal, ref: string, options: Precondition): Promise<Accepted>;
  get(principal: Principal, ref: string): Promise<Vm>;
  /** Pages that have not changed since are the same object, so that a face may keep what it made of one. */
  list(
    principal: Principal,
    request: {
      readonly limit: number;
      readonly after: VmId | null;
      readonly phases?: readonly VmPhase[];
      readonly name?: string;
    },
  ): Promise<Page<Vm, VmId>>;
  /**
   * Resolves when the VM is in this phase (and, where given, in at least this incarnation), or is gone while `absent` is waited for (then with null).
   * Throws `deadline_exceeded` vm.wait_timeout, or `failed_precondition` vm.failed if it has failed meanwhile and something else was waited for.
   */
  wait(
    principal: Principal,
    ref: string,
    wanted: { readonly phase: VmPhase | 'absent'; readonly incarnation?: number; readonly health?: VmHealth },
    waiting: Waiting,
  ): Promise<Vm | null>;
  /** The console's bytes, as far as they are kept. */
  readConsole(
    principal: Principal,
    ref: string,
    options: { readonly offset: number; readonly follow: boolean; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<{ readonly offset: number; readonly bytes: Uint8Array }>>;
}

export interface OperationApi {
  /** Throws `not_found` operation.unknown. */
  get(principal: Principal, id: OperationId): Promise<Operation>;
  list(
    principal: Principal,
    request: {
      readonly limit: number;
      readonly after: OperationId | null;
      /** Id or name; also of a VM that is gone, by id. */
      readonly vm?: string;
      readonly state?: OperationState;
      readonly kind?: OperationKind;
    },
  ): Promise<Page<Operation, OperationId>>;
  /**
   * Ends an operation before it is done. What it was about to make is unmade: a VM that was being created is deleted, by
   * an operation of its own that the `details` of the error name; one that was being started or restarted is stopped again, likewise.
   * Any other VM stays as it is seen to be, and that is what is wanted of it from now on. Throws `failed_precondition`
   * operation.final, operation.not_cancellable.
   */
  cancel(principal: Principal, id: OperationId, options: Once & { readonly signal: AbortSignal }): Promise<Operation>;
  /** Resolves with the operation when it is final, or as it is when the time is over. */
  wait(principal: Principal, id: OperationId, waiting: Waiting): Promise<Operation>;
  /** The operation at each change, until it is final or the signal is aborted. */
  follow(principal: Principal, id: OperationId, options: { readonly signal: AbortSignal }): AsyncIterable<Operation>;
}

export type ExecutionUpdate =
  | { readonly kind: 'output'; readonly stream: OutputStream; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'completed'; readonly execution: Execution };

/** A command that runs, as one client sees it. Letting go of it does not end the command. */
export interface ExecutionSession {
  readonly execution: Execution;
  /** What happens, from the first byte on, ending with `completed`. */
  readonly updates: AsyncIterable<ExecutionUpdate>;
}

export interface ExecutionApi {
  /** Throws `failed_precondition` vm.not_running. A program that does not exist is a finished execution with exit code 127, no such user or directory one that `failed`. */
  start(
    principal: Principal,
    ref: string,
    request: ExecRequest,
    options: Once & { readonly signal: AbortSignal },
  ): Promise<ExecutionSession>;
  /** Throws `not_found` execution.unknown. */
  get(principal: Principal, id: ExecutionId): Promise<Execution>;
  list(
    principal: Principal,
    request: { readonly limit: number; readonly after: ExecutionId | null; readonly vm?: string },
  ): Promise<Page<Execution, ExecutionId>>;
  /** Kept output from the offsets on; `follow` goes on live until the command has ended. */
  output(
    principal: Principal,
    id: ExecutionId,
    options: {
      readonly stream: OutputStream | 'both';
      readonly offset: number;
      readonly follow: boolean;
      readonly signal: AbortSignal;
    },
  ): Promise<AsyncIterable<ExecutionUpdate>>;
  /**
   * Feeds the command, at this offset of its input (null: after what it has): bytes it has already are skipped, so that a repeated request does no
   * harm. Returns how many it has now. Throws `conflict` execution.stdin_gap, `failed_precondition` execution.stdin_closed / execution.not_running.
   */
  writeStdin(
    principal: Principal,
    id: ExecutionId,
    input: { readonly offset: number | null; readonly content: AsyncIterable<Uint8Array>; readonly end: boolean },
  ): Promise<number>;
  /** `signal` is a name such as `SIGTERM`. Throws `invalid_argument` execution.unknown_signal, `failed_precondition` execution.not_running. */
  signal(principal: Principal, id: ExecutionId, signal: string): Promise<void>;
  /**
   * Ends the command and its children: SIGTERM, and SIGKILL to what is left after the grace. Resolves when it is over. Throws
   * `failed_precondition` execution.not_running, `deadline_exceeded` execution.not_ended.
   */
  cancel(
    principal: Principal,
    id: ExecutionId,
    options: { readonly graceMs: number; readonly signal: AbortSignal },
  ): Promise<Execution>;
  resize(
    principal: Principal,
    id: ExecutionId,
    size: { readonly rows: number; readonly columns: number },
  ): Promise<void>;
}

/** Files inside a running guest; errors as in ports/guest-link.ts, and `failed_precondition` vm.not_running. */
export interface FileApi {
  read(principal: Principal, ref: string, path: string, options: { readonly signal: AbortSignal }): Promise<GuestRead>;
  write(
    principal: Principal,
    ref: string,
    path: string,
    content: AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal; readonly mode?: number; readonly makeParents?: boolean },
  ): Promise<number>;
  list(
    principal: Principal,
    ref: string,
    path: string,
    options: { readonly signal: AbortSignal; readonly limit: number; readonly after?: string },
  ): Promise<{ readonly files: readonly GuestFile[]; readonly hasMore: boolean }>;
  stat(principal: Principal, ref: string, path: string, options: { readonly signal: AbortSignal }): Promise<GuestFile>;
  makeDirectory(
    principal: Principal,
    ref: string,
    path: string,
    options: { readonly signal: AbortSignal; readonly makeParents?: boolean },
  ): Promise<void>;
  remove(
    principal: Principal,
    ref: string,
    path: string,
    options: { readonly signal: AbortSignal; readonly isRecursive: boolean },
  ): Promise<void>;
  rename(
    principal: Principal,
    ref: string,
    from: string,
    to: string,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
}

export interface EventApi {
  /**
   * Events after this sequence; null: from the first there is. Throws `not_found` events.trimmed, with the first sequence there is, if
   * `after` lies before it; `invalid_argument` events.cursor_ahead if it lies after the last one.
   */
  list(
    principal: Principal,
    request: {
      readonly after: number | null;
      readonly limit: number;
      readonly types?: readonly EventType[];
      readonly vm?: string;
    },
  ): Promise<readonly Event[]>;
  /** Everything after the sequence `after` (null: after the last one now), and then what comes. Throws as `list`. */
  follow(
    principal: Principal,
    request: {
      readonly after: number | null;
      readonly types?: readonly EventType[];
      readonly vm?: string;
      readonly signal: AbortSignal;
    },
  ): Promise<EventFeed>;
}

/**
 * The log from somewhere on, without end: each event once and in order, as many at a time as there are. For one reader, who takes
 * the next ones when it is done with these. Throws the reason of the signal it was opened with, when that is aborted, and `not_found`
 * events.trimmed, when the log's beginning has overtaken the reader.
 */
export interface EventFeed extends AsyncIterable<readonly Event[]> {
  /** The sequence after which to resume: all up to it has been taken, or was kept back by the filter. */
  readonly position: number;
  /**
   * Aborted with `aborted` events.reader_too_slow when the log has grown by more than `limits.readerLagEvents` since the reader took
   * what it is still busy with. Others do not wait for it: this only says that it is time to let go of it.
   */
  readonly tooSlow: AbortSignal;
}

export interface ImageApi {
  list(principal: Principal): Promise<readonly ImageEntry[]>;
  /** Throws `not_found` image.unknown. */
  build(principal: Principal, name: string, options?: Once): Promise<Operation>;
  /** Throws `not_found` image.unknown. */
  get(principal: Principal, name: string): Promise<ImageEntry>;
  /** Has an image made, and its name stand for it then. Throws as `defineImage`. */
  define(principal: Principal, image: NewImage, options?: Once): Promise<Operation>;
  /** `ref` is a name (all its versions, and what it stands for) or a digest. Throws `not_found` image.unknown. */
  remove(principal: Principal, ref: string): Promise<readonly Image[]>;
}

/** What a name stands for, and what was made of it. */
export interface ImageEntry {
  readonly name: string;
  readonly isBuiltIn: boolean;
  /** What users have it stand for; null of what is built in, or stands for nothing any more. */
  readonly stored: StoredImage | null;
  readonly lastUsedAt: EpochMs | null;
  /** The image as the recipe stands now; null until it is built. */
  readonly current: Image | null;
  /** Built from earlier states of the recipe; kept while a VM's disk needs them. */
  readonly older: readonly Image[];
}

/** Requests that may be repeated without harm, by a key of their caller's. Kept for `limits.idempotencyMs`. */
export interface IdempotencyApi {
  /** What tells whether all that is asked is the same, kept in its place: it may have secrets in it that could be guessed by a mere digest. */
  fingerprintOf(asked: string): string;
  /**
   * Asks what is to be done with this request: to be done (`effect` is null), to be made known again from what has
   * come of it, or to be answered word for word. `key` is one by `isIdempotencyKey`; `fingerprint` is that of all that is asked. Throws `invalid_argument` idempotency.key_reused,
   * `aborted` idempotency.in_progress.
   */
  claim(
    principal: Principal,
    asked: { readonly key: string; readonly fingerprint: string; readonly requestId: string },
  ): Promise<Claim>;
  /**
   * Takes the key for an effect inside of a guest, before that. Throws `conflict` idempotency.outcome_unknown when the
   * request came before and its answer was not kept.
   */
  begin(claim: Claim): Promise<void>;
  /** Keeps the answer, if the request took effect and the answer is not too long. */
  keep(claim: Claim, answer: KeptAnswer): Promise<void>;
  /** Gives the key back: what was begun has been refused, and nothing came of it. */
  withdraw(claim: Claim): Promise<void>;
  /** The request is no longer being answered. To be called once for each claim without an answer. */
  release(claim: Claim): void;
}

export interface HostApi {
  list(principal: Principal): Promise<readonly HostStatus[]>;
  /** Throws `not_found` host.unknown. */
  get(principal: Principal, ref: string): Promise<HostStatus>;
}

export interface HostStatus {
  readonly host: Host;
  readonly vmCount: number;
  readonly promisedMemoryMib: number;
  readonly promisedDiskGib: number;
}

export interface Capabilities {
  readonly version: string;
  readonly driver: string;
  readonly supportsPause: boolean;
  readonly supportsConsole: boolean;
  readonly supportsSnapshots: boolean;
  readonly supportsLiveResize: boolean;
  readonly networkModes: readonly string[];
  readonly images: readonly string[];
  /** What is not as it was configured, a sentence each. */
  readonly degraded: readonly string[];
}
