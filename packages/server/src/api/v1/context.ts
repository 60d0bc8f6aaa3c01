import type { FaceContext } from '../face.ts';
import type { IdempotencyKeys } from '../idempotency.ts';

/** What the handlers of `/v1` work with. */
export interface V1Context extends FaceContext {
  readonly keys: IdempotencyKeys;
}
