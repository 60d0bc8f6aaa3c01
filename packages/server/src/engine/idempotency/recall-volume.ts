import type { AcceptedVolume } from '../apis/volume-api.ts';
import type { EngineDeps } from '../deps.ts';
import { unknownVolume } from '../queries/find-volume.ts';
import { shownVolume } from '../queries/volumes.ts';
import type { Claim } from '../requests.ts';
import { recallOperation } from './recall.ts';

/** The volume that the claim's request made when it came first, as it is now; null when it has not come before. Throws `not_found` volume.unknown when it is gone. */
export async function recallVolume(
  deps: Pick<EngineDeps, 'store'>,
  claim: Claim | undefined,
): Promise<AcceptedVolume | null> {
  const operation = await recallOperation(deps, claim);
  if (operation === null) return null;
  const volume = operation.subject.kind === 'volume' ? await deps.store.volumes.get(operation.subject.id) : null;
  if (volume === null) throw unknownVolume(operation.subject.name);
  return { operation, ...(await shownVolume(deps.store, volume)) };
}
