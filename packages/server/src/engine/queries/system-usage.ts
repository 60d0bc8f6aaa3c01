import type { Principal } from '../../domain/principal/principal.ts';
import { STORAGE_KINDS, type StorageUse } from '../../domain/system/usage.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import { authorise } from '../access/authorise.ts';
import { measureStorage, type StorageDeps } from '../system/measure-storage.ts';

/** What takes room on the host's disk, by kind. */
export async function findSystemUsage(
  deps: StorageDeps,
  principal: Principal,
  options: Abortable,
): Promise<readonly StorageUse[]> {
  authorise(principal, 'system:read');
  const all = await measureStorage(deps, options);
  return STORAGE_KINDS.map((kind) => {
    const things = all.filter((each) => each.kind === kind).sort((a, b) => b.bytes - a.bytes);
    const sum = (those: typeof things): number => those.reduce((total, { bytes }) => total + bytes, 0);
    const reclaimableBytes = sum(things.filter(({ isReclaimable }) => isReclaimable));
    return { kind, count: things.length, bytes: sum(things), reclaimableBytes, things };
  });
}
