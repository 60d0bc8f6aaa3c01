import type { EngineDeps } from '../../engine/deps.ts';
import type { Engine } from '../../engine/engine.ts';
import type { IdempotencyKeys } from '../idempotency.ts';
import type { ApiLimits } from '../limits.ts';
import type { Upgrades } from '../realtime/upgrades.ts';
import type { RequestSignals } from '../request-signals.ts';

/** What the handlers of `/v1` work with. */
export interface V1Context {
  readonly engine: Engine;
  readonly log: EngineDeps['log'];
  readonly limits: ApiLimits;
  readonly signals: RequestSignals;
  readonly keys: IdempotencyKeys;
  readonly version: string;
  readonly upgrades: Upgrades;
  /** Origins whose pages may open sockets, besides this server's own address. */
  readonly allowedOrigins: readonly string[];
}
