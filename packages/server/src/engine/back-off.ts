import type { Ids } from '../ports/ids.ts';

/** Back-off of a step that is carried out again, milliseconds: doubled each time, up to the cap, with full jitter. */
export const BACK_OFF = { firstMs: 200, capMs: 15_000 } as const;

/** How long to wait before the attempt after this one, milliseconds. `attempt`: 1 for the first. */
export function backOffMs({ random }: Pick<Ids, 'random'>, attempt: number): number {
  return Math.ceil(random() * Math.min(BACK_OFF.capMs, BACK_OFF.firstMs * 2 ** attempt));
}
