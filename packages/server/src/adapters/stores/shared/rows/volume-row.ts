/** A row of `volumes`. */
export interface VolumeRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  /** JSON. */
  readonly labels: string;
  readonly size_gib: number;
  readonly state: string;
  readonly operation_id: string | null;
  /** JSON: `{ reason, message }`. */
  readonly failure: string | null;
  /** JSON: a `VolumeOrigin`. */
  readonly origin: string;
  /** Of the VM whose disk it was, where it was one. */
  readonly origin_vm_id: string | null;
  readonly driver: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
}

/** A row of `volume_attachments`. */
export interface VolumeAttachmentRow {
  readonly volume_id: string;
  readonly vm_id: string;
  readonly disk: string;
  readonly is_readonly: number;
}
