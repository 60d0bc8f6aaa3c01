import { VolaryError } from '../../../../domain/errors.ts';
import { type AttachedPack, MOST_PACKS, type Pack } from '../../../../ports/machine-packs.ts';
import type { QmpClient } from '../qmp/qmp-client.ts';
import type { SlottedPack } from './attached-packs.ts';
import { backingName, isBacking, offsetOf, packNode, packsOn } from './pack-disk.ts';
import { allOf, keepPack, type PackFiles } from './pack-files.ts';

/**
 * Has the VM keep the files of the packs that it is to have besides those that it has, and finds each a place; answers all of them. Throws as
 * `MachinePacks.attach`.
 */
export async function placePacks(
  added: readonly Pack[],
  present: readonly SlottedPack[],
  { keptPath, packFiles }: { readonly keptPath: string; readonly packFiles: PackFiles },
): Promise<readonly SlottedPack[]> {
  const sizes = await allOf(added.map((pack) => keepPack(pack, keptPath, packFiles)));
  const packs = [...present];
  for (const [index, { name, version, digest }] of added.entries())
    packs.push({ name, version, digest, slot: freeSlot(packs), sizeBytes: sizes[index] ?? 0 });
  return packs;
}

/** Has the disk of packs read what the descriptor lays out. What was there before is at the same places. Repeating it is safe. */
export async function putOnDisk(client: QmpClient, key: string): Promise<void> {
  const nodes = (await client.execute('query-named-block-nodes', { flat: true })).map((node) => node['node-name']);
  // One that a server was killed over may not have come to be used.
  if (!nodes.includes(backingName(key))) await client.execute('blockdev-add', packsOn(key));
  await client.execute('blockdev-reopen', { options: [packNode(backingName(key))] });
  for (const other of nodes.filter((name) => isBacking(name) && name !== backingName(key)))
    await client.execute('blockdev-del', { 'node-name': other });
}

/**
 * The same for a disk that has had nothing on it: asked in one go. What was below it stays, and costs nothing; so does what a server that was killed
 * over it has left, and then it is done the long way.
 */
export async function putFirstOnDisk(client: QmpClient, key: string): Promise<void> {
  const [, reopened] = await Promise.allSettled([
    client.execute('blockdev-add', packsOn(key)),
    client.execute('blockdev-reopen', { options: [packNode(backingName(key))] }),
  ]);
  if (reopened.status === 'rejected') await putOnDisk(client, key);
}

/** As the guest is told of it. */
export function placed(pack: SlottedPack): AttachedPack {
  const { name, version, digest, sizeBytes } = pack;
  return { name, version, digest, place: pack.slot + 1, offsetBytes: offsetOf(pack), sizeBytes };
}

function freeSlot(packs: readonly SlottedPack[]): number {
  const slot = Array.from({ length: MOST_PACKS }, (_, at) => at).find((at) => packs.every((pack) => pack.slot !== at));
  if (slot !== undefined) return slot;
  throw new VolaryError('resource_exhausted', `A machine can have ${MOST_PACKS} packs in its life. Restart the VM.`, {
    reason: 'driver.too_many_packs',
    details: { maximum: MOST_PACKS },
  });
}
