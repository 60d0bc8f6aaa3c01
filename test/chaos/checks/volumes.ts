import type { Vm, Volume } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Book } from '../book.ts';
import { checkWords } from './words.ts';

/** What is looked at of a volume. */
export type CheckedVolume = Pick<Volume, 'id' | 'name' | 'state' | 'attachments' | 'origin'>;
type CheckedVm = Pick<Vm, 'id' | 'name' | 'disks'>;

export async function listVolumes(client: VolaryClient): Promise<readonly Volume[]> {
  const volumes: Volume[] = [];
  for await (const volume of client.volumes.listAll()) volumes.push(volume);
  return volumes;
}

/** What is wrong with volumes and who has them, one sentence each; `onHost`: ids of those that lie there. Nothing is under way. */
export function checkVolumes(
  book: Pick<Book, 'volumes'>,
  volumes: readonly CheckedVolume[],
  { vms, onHost }: { readonly vms: readonly CheckedVm[]; readonly onHost: readonly string[] },
): readonly string[] {
  const ids = new Set<string>(volumes.map(({ id }) => id));
  // A fork has copies of its source's volumes as disks of its own: those are kept with its root, and nobody has to ask for them by name.
  const names = volumes.filter(({ origin }) => origin.disk === null).map(({ name }) => name);
  return [
    ...checkWords('volume', book.volumes, names),
    ...volumes.flatMap((volume) => checkVolume(volume, vms, onHost)),
    ...onHost.filter((id) => !ids.has(id)).map((id) => `a volume of nobody on the host: ${id}`),
    ...vms.flatMap(({ id, name, disks }) =>
      disks
        .flatMap(({ volume }) => volume ?? [])
        .filter((each) => !volumes.some((one) => one.id === each && one.attachments.some(({ vm_id }) => vm_id === id)))
        .map((each) => `${name} has ${each}, which does not know of it`),
    ),
  ];
}

function checkVolume(
  { id, name, state, attachments }: CheckedVolume,
  vms: readonly CheckedVm[],
  onHost: readonly string[],
): readonly string[] {
  const has = ({ disks }: CheckedVm): boolean => disks.some(({ volume }) => volume === id);
  const isShared = attachments.length > 1 && attachments.some(({ readonly }) => !readonly);
  return [
    ...(state === 'ready' ? [] : [`${name} is ${state}`]),
    ...(onHost.includes(id) ? [] : [`${name} is not on the host: ${id}`]),
    ...(isShared ? [`${name} has a writer and others`] : []),
    ...attachments
      .filter(({ vm_id }) => !vms.some((vm) => vm.id === vm_id && has(vm)))
      .map(({ vm_name }) => `${name} is kept for ${vm_name}, which does not have it`),
  ];
}
