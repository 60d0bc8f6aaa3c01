/**
 * The tables, as Kysely types their queries. The same for every database: moments are milliseconds since 1970, truth
 * values 0 and 1, structures JSON text, ids text that sorts by time. The migrations make these tables; the codecs beside
 * translate rows.
 */

import type { TemplateRow } from './template-row.ts';
import type { VmRevisionRow } from './vm-revision-row.ts';

export interface VmRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly image: string;
  readonly vcpu_count: number;
  readonly memory_mib: number;
  readonly disk_gib: number;
  /** JSON: `{ mode, egress }`. */
  readonly network: string;
  /** JSON: what of the spec has no column of its own; what is missing has its default. */
  readonly spec: string;
  /** Of the spec, once more: VMs are looked for by it. */
  readonly template_name: string | null;
  readonly labels: string;
  readonly metadata: string;
  /** JSON: `[{ secretId, name, env, file: { path, mode } }]`. */
  readonly secrets: string;
  readonly desired_power: string;
  readonly desired_incarnation: number;
  readonly desired_grace_ms: number;
  /** Set together: what one life begins from. */
  readonly origin_snapshot_id: string | null;
  readonly origin_incarnation: number | null;
  readonly origin_disk: string | null;
  readonly warm_start: string;
  readonly phase: string;
  readonly phase_since: number;
  /** Set in transient phases. */
  readonly phase_operation_id: string | null;
  readonly phase_deadline_at: number | null;
  /** JSON, set when the phase is `failed`. */
  readonly failure: string | null;
  readonly health: string;
  /** JSON: `{ executionId, incarnation, state, runs, lastExitCode, lastSignal, lastExitAt, message }`. */
  readonly workload_status: string | null;
  readonly restart_policy: string;
  readonly restart_count: number;
  readonly restart_at: number | null;
  /** JSON: `{ reason, message, at }`. */
  readonly suspension: string | null;
  /** JSON: `{ idleSeconds, cpuBelowPercent }`. */
  readonly auto_suspend: string | null;
  readonly auto_wake: number;
  readonly expires_at: number | null;
  /** Set only together with it. */
  readonly expiry_told_at: number | null;
  readonly driver: string;
  readonly host_id: string;
  /** JSON: `{ driver, version, state }`. */
  readonly handle: string | null;
  /** JSON: `{ vcpuCount, memoryMib, diskGib, growth, name, networkMode }`. */
  readonly machine: string | null;
  readonly image_digest: string | null;
  readonly incarnation: number;
  readonly generation: number;
  readonly revision: number;
  readonly pid: number | null;
  readonly ip: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly started_at: number | null;
}

export interface OperationRow {
  readonly id: string;
  readonly kind: string;
  /** `vm`, `image` or `snapshot`. */
  readonly subject_kind: string;
  readonly subject_name: string;
  /** Set when the subject is a VM. */
  readonly vm_id: string | null;
  /** Set when the subject is a snapshot. */
  readonly snapshot_id: string | null;
  readonly generation: number;
  readonly state: string;
  readonly steps: string;
  readonly progress: string | null;
  readonly result: string;
  readonly error: string | null;
  readonly principal: string;
  readonly owner: string;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly completed_at: number | null;
  readonly deadline_at: number;
  readonly revision: number;
}

export interface ExecutionRow {
  readonly id: string;
  readonly vm_id: string;
  readonly incarnation: number;
  readonly request: string;
  readonly state: string;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly timed_out: number;
  readonly error: string | null;
  readonly stdout_bytes: number;
  readonly stderr_bytes: number;
  readonly is_truncated: number;
  /** Of a VM's workload. */
  readonly is_workload: number;
  readonly principal: string;
  readonly owner: string;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly completed_at: number | null;
}

/** A piece of kept output. The pieces of one stream follow each other without a gap, from 0 on. */
export interface ExecutionOutputRow {
  readonly execution_id: string;
  readonly stream: string;
  readonly start_offset: number;
  /** After the last byte. */
  readonly end_offset: number;
  readonly bytes: Uint8Array;
}

export interface EventRow {
  readonly sequence: number;
  readonly type: string;
  readonly at: number;
  readonly subject: string;
  readonly vm_id: string | null;
  readonly operation_id: string | null;
  readonly owner: string | null;
  readonly data: string;
}

/** One row: the last sequence that was given out, whether or not its event is still in the log. */
export interface EventCounterRow {
  readonly last_sequence: number;
}

export interface SettingRow {
  readonly name: string;
  readonly value: string;
}

export interface IdempotencyKeyRow {
  readonly principal: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly request_id: string;
  /** `operation`, `execution`, `webhook`, `delivery`, `api_key` or `guest`. */
  readonly effect_kind: string;
  /** Null for a `guest`. */
  readonly effect_id: string | null;
  readonly created_at: number;
  /** JSON: `{ status, headers, body }`. */
  readonly answer: string | null;
}

export interface WebhookRow {
  readonly id: string;
  readonly url: string;
  /** JSON: a list of types. */
  readonly types: string | null;
  readonly vm_id: string | null;
  readonly events_of: string | null;
  readonly description: string;
  /** JSON: `[{ value, expiresAt }]`, the present one first. */
  readonly secrets: string;
  readonly is_enabled: number;
  readonly disabled_because: string | null;
  readonly cursor: number;
  readonly failure_count: number;
  /** Set when there are failures. */
  readonly failing_since: number | null;
  readonly last_delivered_at: number | null;
  readonly owner: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
}

export interface WebhookDeliveryRow {
  readonly id: string;
  readonly webhook_id: string;
  readonly kind: string;
  readonly state: string;
  readonly first_sequence: number;
  readonly sequence: number;
  /** JSON: the event. Null of a gap. */
  readonly event: string | null;
  readonly tries: number;
  readonly first_tried_at: number | null;
  readonly next_try_at: number | null;
  /** JSON: `{ at, status, error, response, durationMs }`. */
  readonly last_try: string | null;
  readonly created_at: number;
  readonly completed_at: number | null;
}

export interface SnapshotRow {
  readonly id: string;
  readonly name: string | null;
  readonly description: string;
  readonly labels: string;
  readonly state: string;
  readonly operation_id: string | null;
  /** JSON: `{ reason, message }`. */
  readonly failure: string | null;
  readonly is_temporary: number;
  readonly source_id: string;
  readonly source_name: string;
  readonly image: string;
  readonly image_digest: string;
  readonly vcpu_count: number;
  readonly memory_mib: number;
  readonly disk_gib: number;
  /** JSON: `{ mode, egress }`. */
  readonly network: string;
  /** JSON: what of the spec has no column of its own; what is missing has its default. */
  readonly spec: string;
  /** JSON, as those of a VM. */
  readonly secrets: string;
  readonly size_bytes: number | null;
  readonly halted_ms: number | null;
  readonly owner: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
}

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
  /** JSON: `{ vms, vcpus, memoryMib, diskGib, snapshots, executions }`, each of them optional. */
  readonly quota: string | null;
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
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
  readonly created_by: string;
  readonly created_at: number;
}

export interface SessionRow {
  readonly id: string;
  readonly user_id: string;
  readonly owner: string;
  readonly generation: number;
  readonly rotates: number;
  readonly user_agent: string;
  readonly address: string | null;
  readonly created_at: number;
  readonly last_used_at: number;
  readonly expires_at: number;
  /** Set together. */
  readonly ended_at: number | null;
  readonly ended_because: string | null;
  readonly revision: number;
}

export interface SigningKeyRow {
  readonly key_id: string;
  /** JSON: the public half. */
  readonly jwk: string;
  readonly sealed_private_key: string;
  readonly created_at: number;
  readonly signs_from: number;
}

export interface SecretRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly description: string;
  readonly version: number;
  readonly size_bytes: number;
  readonly is_text: number;
  /** The value, sealed: it begins with the id of the key. */
  readonly sealed: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly last_used_at: number | null;
  readonly revision: number;
}

export interface AuditRow {
  readonly sequence: number;
  readonly at: number;
  readonly principal: string;
  readonly credential_kind: string;
  readonly credential_id: string | null;
  readonly address: string | null;
  readonly request_id: string | null;
  readonly action: string;
  readonly target_kind: string;
  readonly target_id: string | null;
  readonly target_name: string | null;
  readonly result: string;
  readonly reason: string | null;
  /** JSON: an object. */
  readonly details: string;
}

/** One row: the last sequence that was given out. */
export interface AuditCounterRow {
  readonly last_sequence: number;
}

export interface ImageRow {
  readonly name: string;
  /** JSON: as `ImageDefinition`. */
  readonly definition: string;
  readonly owner: string;
  readonly template: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

export interface ImageRequestRow {
  readonly operation_id: string;
  /** JSON: as `ImageDefinition`. */
  readonly definition: string;
}

export interface ImageUseRow {
  readonly name: string;
  readonly used_at: number;
}

export interface Schema {
  readonly vms: VmRow;
  readonly vm_revisions: VmRevisionRow;
  readonly operations: OperationRow;
  readonly executions: ExecutionRow;
  readonly execution_output: ExecutionOutputRow;
  readonly events: EventRow;
  readonly event_counter: EventCounterRow;
  readonly settings: SettingRow;
  readonly idempotency_keys: IdempotencyKeyRow;
  readonly webhooks: WebhookRow;
  readonly webhook_deliveries: WebhookDeliveryRow;
  readonly snapshots: SnapshotRow;
  readonly users: UserRow;
  readonly roles: RoleRow;
  readonly api_keys: ApiKeyRow;
  readonly sessions: SessionRow;
  readonly signing_keys: SigningKeyRow;
  readonly secrets: SecretRow;
  readonly templates: TemplateRow;
  readonly audit: AuditRow;
  readonly audit_counter: AuditCounterRow;
  readonly images: ImageRow;
  readonly image_requests: ImageRequestRow;
  readonly image_uses: ImageUseRow;
}
