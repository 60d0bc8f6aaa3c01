import { VolaryError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import type { Volume } from '../../domain/volume/volume.ts';
import type { Tables } from '../../ports/store.ts';
import { type Asker, requireVisible } from '../access/require-visible.ts';

/** The volume with this id or name. Throws `not_found` volume.unknown, `permission_denied` access.denied. */
export async function findVolume({ volumes }: Pick<Tables, 'volumes'>, asker: Asker, ref: string): Promise<Volume> {
  const id = parseId('vol', ref);
  const found = id === null ? await volumes.getByName(ref) : await volumes.get(id);
  return requireVisible(asker, found, 'volume:read', () => unknownVolume(ref));
}

/** `not_found` volume.unknown. */
export function unknownVolume(ref: string): VolaryError {
  return new VolaryError('not_found', `There is no volume ${ref}.`, { reason: 'volume.unknown', details: { ref } });
}

/** Throws `failed_precondition` volume.not_ready. */
export function requireReady(volume: Volume): Volume {
  if (volume.state === 'ready') return volume;
  const why = { creating: 'is not complete yet', failed: 'could not be made', deleting: 'is being deleted' };
  throw new VolaryError('failed_precondition', `The volume ${volume.name} ${why[volume.state]}.`, {
    reason: 'volume.not_ready',
    details: { volume: volume.name, state: volume.state },
  });
}
