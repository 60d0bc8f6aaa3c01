/** The least grave first. */
export const COMPONENT_STATES = ['disabled', 'ok', 'degraded', 'failed'] as const;

/** A part of the server that work depends on, or by which it is seen what becomes of that. */
export interface Component {
  /** `server`, `database`, `disk`, `event_bus`, `networks`, `rate_limiter`, `logs`, `loki`, `metrics`, `alerts`, `traces`, `github`, `slack`, `discord`, or `driver.` and its kind. */
  readonly name: string;
  /** `degraded`: something is not possible, or not as it should be. `failed`: the server takes no work. `disabled`: it was not asked for. */
  readonly state: (typeof COMPONENT_STATES)[number];
  /** Why, as a sentence that anybody may read; null where it is well. */
  readonly why: string | null;
  /** What else there is to be said of it, also where it is well; null: nothing. */
  readonly detail: string | null;
}
