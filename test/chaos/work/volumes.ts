/** What clients do with volumes: create them, empty or as copies, give them to VMs, delete them. */
import type { CreateVmRequest } from '@volary/contract';
import { free, type KnownShared, possible } from '../book.ts';
import { answered, follow, type WorkDeps } from './asking.ts';

/** Asks for another volume, or deletes one. */
export async function workOnVolumes(deps: WorkDeps): Promise<void> {
  const { book, random, bounds } = deps;
  const entry = random.pick(free(book.volumes));
  if (possible(book.volumes).length < bounds.mostVolumes && (entry === undefined || random.isTrue(0.6)))
    return await createVolume(deps, entry);
  if (entry !== undefined) await deleteVolume(deps, entry);
}

/** What a new VM is given: half of them one of the volumes that there are, which some only read. */
export function pickVolumes({ book, random }: WorkDeps): Pick<CreateVmRequest, 'volumes'> {
  const volume = random.pick(free(book.volumes));
  if (volume === undefined || random.isTrue(0.5)) return {};
  return { volumes: [{ volume: volume.name, readonly: random.isTrue(0.3) }] };
}

/** The volume that the root of a VM becomes when it is deleted so. */
export function keptRootOf({ name }: { readonly name: string }): KnownShared {
  return { name: `${name}-root`, creation: 'asked', deletion: null, isBusy: false };
}

async function createVolume(
  { client, book, random, signal }: WorkDeps,
  original: KnownShared | undefined,
): Promise<void> {
  const entry: KnownShared = { name: `v${book.nextNumber()}`, creation: 'asked', deletion: null, isBusy: false };
  book.volumes.push(entry);
  const isCopy = original !== undefined && random.isTrue(0.3);
  const request = isCopy ? { name: entry.name, volume: original.name } : { name: entry.name, size_gib: 1 };
  const accepted = await answered(book, `create volume ${entry.name}`, entry, 'creation', () =>
    client.volumes.create(request, { signal }),
  );
  await follow({ client, book, random, signal }, accepted.id);
}

async function deleteVolume({ client, book, random, signal }: WorkDeps, entry: KnownShared): Promise<void> {
  entry.deletion = 'asked';
  const accepted = await answered(book, `delete volume ${entry.name}`, entry, 'deletion', () =>
    client.volumes.delete(entry.name, { signal }),
  );
  await follow({ client, book, random, signal }, accepted.id);
}
