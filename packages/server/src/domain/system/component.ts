export const COMPONENT_STATES = ['ok', 'degraded', 'failed'] as const;

/** A part of the server that work depends on. */
export interface Component {
  /** `server`, `database`, `disk`, `networks`, `rate_limiter`, or `driver.` and its kind. */
  readonly name: string;
  /** `degraded`: something is not possible, or not as it should be. `failed`: the server takes no work. */
  readonly state: (typeof COMPONENT_STATES)[number];
  /** Why, as a sentence that anybody may read; null where it is well. */
  readonly why: string | null;
}
