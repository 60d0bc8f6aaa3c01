/** What needs the things on the disk: looked up in the store each time, since nobody counts it. */
import { contentNameOf } from '../../domain/image/definition.ts';
import { titleOf } from '../../domain/snapshot/snapshot.ts';
import type { StorageUser } from '../../domain/system/usage.ts';
import { titleOfTemplate } from '../../domain/template/template.ts';
import type { ExtraDisk } from '../../domain/vm/extra-disk.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { isOriginPending } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import type { EngineDeps } from '../deps.ts';
import { namesOfImages } from '../images/known-images.ts';
import { everyRevision, userOf } from '../queries/every-revision.ts';
import { everySnapshot } from '../queries/every-snapshot.ts';
import { everyTemplate } from '../queries/every-template.ts';
import { everyVm } from '../queries/every-vm.ts';

type References = Readonly<
  Record<'byImage' | 'byDisk' | 'bySnapshot' | 'byVolume', ReadonlyMap<string, readonly StorageUser[]>>
>;

/** Who needs which image (by digest), disk (by VM), snapshot and volume, in this installation. */
export async function findReferences(tables: Pick<Tables, 'vms' | 'snapshots'>): Promise<References> {
  const [byImage, byDisk, bySnapshot, byVolume] = [new Map(), new Map(), new Map(), new Map()] as const;
  for await (const vm of everyVm(tables)) {
    const user: StorageUser = { kind: 'vm', id: vm.id, name: vm.name };
    note(byDisk, vm.id, user);
    note(byImage, vm.imageDigest, user);
    for (const { volume } of vm.spec.disks) note(byVolume, volume, user);
    if (vm.origin !== null && isAboutToBegin(vm)) note(bySnapshot, vm.origin.snapshotId, user);
  }
  for await (const snapshot of everySnapshot(tables)) {
    const user: StorageUser = { kind: 'snapshot', id: snapshot.id, name: titleOf(snapshot) };
    note(bySnapshot, snapshot.id, user);
    if (snapshot.state !== 'failed') note(byImage, snapshot.imageDigest, user);
  }
  return { byImage, byDisk, bySnapshot, byVolume };
}

/**
 * Who needs what disks besides roots begin with, by the name that it is kept under: VMs and snapshots that have such a disk, and versions of templates and
 * deployments by which VMs are asked for with one.
 */
export async function findContentUsers(
  tables: Pick<Tables, 'vms' | 'snapshots' | 'templates' | 'deployments'>,
): Promise<ReadonlyMap<string, readonly StorageUser[]>> {
  const users = new Map<string, StorageUser[]>();
  const noteAll = (disks: readonly ExtraDisk[], user: StorageUser): void => {
    for (const name of new Set(disks.flatMap(({ content }) => (content === null ? [] : [contentNameOf(content)]))))
      note(users, name, user);
  };
  for await (const { id, name, spec } of everyVm(tables)) noteAll(spec.disks, { kind: 'vm', id, name });
  for await (const snapshot of everySnapshot(tables))
    noteAll(snapshot.spec.disks, { kind: 'snapshot', id: snapshot.id, name: titleOf(snapshot) });
  for await (const template of everyTemplate(tables))
    noteAll(template.content.spec.disks, { kind: 'template', id: template.id, name: titleOfTemplate(template) });
  for await (const { deployment, revision } of everyRevision(tables))
    noteAll(revision.content.spec.disks, userOf(deployment));
  return users;
}

/** VMs whose disk was made from this image, and snapshots that stand on it. */
export async function usersOfImage(
  tables: Pick<Tables, 'vms' | 'snapshots'>,
  digest: string,
): Promise<readonly StorageUser[]> {
  return (await findReferences(tables)).byImage.get(digest) ?? [];
}

/** Deployments whose replicas, of a revision that they keep, are made from the image of a name, by that name: from whatever it stands for when they are made. */
export async function deploymentsByImage(
  tables: Pick<Tables, 'deployments'>,
): Promise<ReadonlyMap<string, readonly StorageUser[]>> {
  const users = new Map<string, StorageUser[]>();
  for await (const { deployment, revision } of everyRevision(tables))
    note(users, revision.content.spec.image, userOf(deployment));
  return users;
}

/** The image that VMs are made from now, by name; a name of which nothing was made has none. */
export async function currentImages(
  deps: Pick<EngineDeps, 'images' | 'store'>,
): Promise<ReadonlyMap<string, StorageUser>> {
  const byDigest = new Map<string, StorageUser>();
  for (const name of await namesOfImages(deps)) {
    const image = await deps.images.find(name);
    if (image !== null) byDigest.set(image.digest, { kind: 'recipe', id: null, name });
  }
  return byDigest;
}

function isAboutToBegin(vm: Vm): boolean {
  return isOriginPending(vm) && vm.status.phase !== 'failed' && vm.desired.power !== 'absent';
}

function note(users: Map<string, StorageUser[]>, of: string | null, user: StorageUser): void {
  if (of === null) return;
  const known = users.get(of);
  if (known === undefined) users.set(of, [user]);
  // One that needs it for several reasons is named once.
  else if (!known.some(({ kind, id }) => kind === user.kind && id === user.id)) known.push(user);
}
