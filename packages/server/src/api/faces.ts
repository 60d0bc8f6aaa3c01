import type { Dialect } from '../domain/dialects.ts';
import { aetherium } from './compat/aetherium/aetherium.ts';
import { novacron } from './compat/novacron/novacron.ts';
import { vmApi } from './compat/vm-api/vm-api.ts';
import { volant } from './compat/volant/volant.ts';
import type { Face, MountedFace } from './face.ts';
import { v1 } from './v1/v1.ts';

/** Does not compile until each dialect has its face. */
const FACES: Readonly<Record<Dialect, Face>> = { aetherium, novacron, volant, 'vm-api': vmApi };

/** What the main listener has: `/v1` at its root, each dialect below its name. */
export const ALL_FACES: readonly MountedFace[] = [
  { face: v1, prefix: '' },
  ...Object.values(FACES).map((face) => ({ face, prefix: `/${face.name}` })),
];

/** What a dialect's own listener has. */
export function dialectAlone(dialect: Dialect): readonly MountedFace[] {
  return [{ face: FACES[dialect], prefix: '' }];
}
