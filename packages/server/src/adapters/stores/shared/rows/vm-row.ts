export interface VmRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  /** Set together: which replica of a deployment it is, and of which of its revisions. */
  readonly deployment_id: string | null;
  readonly deployment_index: number | null;
  readonly deployment_revision: number | null;
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
  readonly cloud_init_status: string | null;
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
