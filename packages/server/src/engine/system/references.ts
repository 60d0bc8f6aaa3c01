/** What needs the things on the disk: looked up in the store each time, since nobody counts it. */
import type { SnapshotId } from '../../domain/ids.ts';
import type { Snapshot } from '../../domain/snapshot/snapshot.ts';
import { titleOf } from '../../domain/snapshot/snapshot.ts';
import type { StorageUser } from '../../domain/system/usage.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { isOriginPending } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import type { EngineDeps } from '../deps.ts';
import { namesOfImages } from '../images/known-images.ts';
import { everyVm } from '../queries/every-vm.ts';

const PAGE = 500;

type References = Readonly<Record<'byImage' | 'byDisk' | 'bySnapshot', ReadonlyMap<string, readonly StorageUser[]>>>;

/** Who needs which image (by digest), disk (by VM) and snapshot, in this installation. */
export async function findReferences(tables: Pick<Tables, 'vms' | 'snapshots'>): Promise<References> {
  const [byImage, byDisk, bySnapshot] = [new Map(), new Map(), new Map()] as const;
  for await (const vm of everyVm(tables)) {
    const user: StorageUser = { kind: 'vm', id: vm.id, name: vm.name };
    note(byDisk, vm.id, user);
    note(byImage, vm.imageDigest, user);
    if (vm.origin !== null && isAboutToBegin(vm)) note(bySnapshot, vm.origin.snapshotId, user);
  }
  for await (const snapshot of everySnapshot(tables)) {
    const user: StorageUser = { kind: 'snapshot', id: snapshot.id, name: titleOf(snapshot) };
    note(bySnapshot, snapshot.id, user);
    if (snapshot.state !== 'failed') note(byImage, snapshot.imageDigest, user);
  }
  return { byImage, byDisk, bySnapshot };
}

/** VMs whose disk was made from this image, and snapshots that stand on it. */
export async function usersOfImage(
  tables: Pick<Tables, 'vms' | 'snapshots'>,
  digest: string,
): Promise<readonly StorageUser[]> {
  return (await findReferences(tables)).byImage.get(digest) ?? [];
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
  else known.push(user);
}

async function* everySnapshot({ snapshots }: Pick<Tables, 'snapshots'>): AsyncIterable<Snapshot> {
  let after: SnapshotId | null = null;
  for (;;) {
    const page: readonly Snapshot[] = await snapshots.list({ limit: PAGE, after });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.id;
  }
}
