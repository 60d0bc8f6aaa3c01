/** A deployment, as Kysely types its queries; see schema.ts. */
export interface DeploymentRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly description: string;
  readonly labels: string;
  readonly replicas: number;
  /** JSON: `{ maxSurge, maxUnavailable, minReadySeconds, progressDeadlineSeconds }`. */
  readonly strategy: string;
  /** JSON: as `Autoscaling`. */
  readonly autoscaling: string | null;
  readonly is_paused: number;
  readonly is_deleting: number;
  readonly target: number;
  readonly stable: number;
  /** JSON: `{ state, startedAt, progressedAt, message }`. */
  readonly rollout: string;
  /** JSON: `[{ index, failures, retryAt, message }]`. */
  readonly backoffs: string;
  /** JSON: as `DeploymentStatus`. */
  readonly status: string;
  readonly generation: number;
  readonly revision: number;
  readonly created_at: number;
  readonly updated_at: number;
}

/** What replicas are made from. Never changed. */
export interface DeploymentRevisionRow {
  readonly deployment_id: string;
  readonly number: number;
  readonly at: number;
  readonly author: string;
  /** JSON: `{ kind, from? }`. */
  readonly cause: string;
  /** Of the content, once more: it is looked for by it. */
  readonly template_name: string | null;
  /** JSON: as `ReplicaContent`. */
  readonly content: string;
}
