/** What disks besides roots begin with, as far as the engine goes: who may ask for it, how large it is, and that it is on this host. */
import { VolaryError } from '../../domain/errors.ts';
import { checkContent, needsLocalContent } from '../../domain/image/check-definition.ts';
import type { ContentImage } from '../../domain/image/image.ts';
import { may, type Principal } from '../../domain/principal/principal.ts';
import type { ExtraDisk } from '../../domain/vm/extra-disk.ts';
import type { EnsureOptions, ImageSource } from '../../ports/image-source.ts';
import { authorise } from '../access/authorise.ts';

const GIB = 1024 ** 3;

/** By the names of the disks. */
export type DiskContents = ReadonlyMap<string, ContentImage>;

/** The disks as this principal may have them. Throws `permission_denied` access.denied, `invalid_argument` image.invalid_definition. */
export function permittedDisks(principal: Principal, disks: readonly ExtraDisk[]): readonly ExtraDisk[] {
  return disks.map((disk, index) => {
    const { content } = disk;
    if (content === null) return disk;
    authorise(principal, 'image:create');
    checkContent(`disks[${index}]`, content);
    if (needsLocalContent(content)) authorise(principal, 'image:import-local');
    return { ...disk, content: { ...content, isLocalAllowed: may(principal, 'image:import-local', null) } };
  });
}

/**
 * The disks with the sizes that they were left to take from what they begin with. Throws `invalid_argument` vm.disk_size_needed where that is not on this host, so
 * that nobody knows how large it is.
 */
export async function sizedDisks(
  images: Pick<ImageSource, 'findContent'>,
  disks: readonly ExtraDisk[],
): Promise<readonly ExtraDisk[]> {
  return await Promise.all(
    disks.map(async (disk, index) => {
      const { sizeGib, content, isReadonly } = disk;
      if (sizeGib !== null || content === null || isReadonly) return disk;
      const found = await images.findContent(content);
      if (found === null) throw sizeNeeded(index);
      return { ...disk, sizeGib: gibOf(found) };
    }),
  );
}

/** Null unless all of them are on this host. */
export async function findContents(
  images: Pick<ImageSource, 'findContent'>,
  disks: readonly ExtraDisk[],
): Promise<DiskContents | null> {
  const found = new Map<string, ContentImage>();
  for (const { name, content } of disks) {
    if (content === null) continue;
    const image = await images.findContent(content);
    if (image === null) return null;
    found.set(name, image);
  }
  return found;
}

/** Has all of them on this host. Throws as `ImageSource.ensure`, `invalid_argument` vm.disk_too_small for a disk that what it begins with does not fit into. */
export async function ensureContents(
  images: Pick<ImageSource, 'ensureContent'>,
  disks: readonly ExtraDisk[],
  { signal, onProgress }: Pick<EnsureOptions, 'signal' | 'onProgress'>,
): Promise<void> {
  for (const [index, { name, content, sizeGib }] of disks.entries()) {
    if (content === null) continue;
    const image = await images.ensureContent(content, {
      signal,
      onProgress: ({ message, ...progress }) =>
        onProgress({ ...progress, message: `${message}, for the disk ${name}` }),
    });
    if (sizeGib !== null && sizeGib * GIB < image.rootBytes) throw tooSmall(index, gibOf(image));
  }
}

function gibOf({ rootBytes }: ContentImage): number {
  return Math.ceil(rootBytes / GIB);
}

function sizeNeeded(index: number): VolaryError {
  const field = `disks[${index}].size_gib`;
  return new VolaryError('invalid_argument', `${field} is needed: nobody knows yet how large what it begins with is.`, {
    reason: 'vm.disk_size_needed',
    details: { field },
  });
}

function tooSmall(index: number, minimum: number): VolaryError {
  const field = `disks[${index}].size_gib`;
  return new VolaryError(
    'invalid_argument',
    `${field} must be at least ${minimum}: what it begins with is that large.`,
    {
      reason: 'vm.disk_too_small',
      details: { field, minimum },
    },
  );
}
