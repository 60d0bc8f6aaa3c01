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
