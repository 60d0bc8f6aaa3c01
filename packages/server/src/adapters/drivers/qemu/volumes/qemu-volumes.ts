import { link, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { VolaryError } from '../../../../domain/errors.ts';
import type { VolumeId } from '../../../../domain/ids.ts';
import type { AnyImage } from '../../../../domain/image/image.ts';
import type { DriverVolumes, VolumeContent } from '../../../../ports/driver-volumes.ts';
import type { Abortable } from '../../../../ports/guest-link.ts';
import { inPlace } from '../../../shared/in-place.ts';
import { createKeyedLock } from '../../../shared/keyed-lock.ts';
import { damagedIfUnreadable, valueIn } from '../../../shared/read-facts.ts';
import { identityOf } from '../../../shared/vm-identity.ts';
import { readDiskOrigin } from '../disk-origin.ts';
import { diskFull, imageLost, isNoSpace } from '../errors.ts';
import { extraDiskFile, extraDiskNode, makeEmpty } from '../extra-disks.ts';
import { inspectVm } from '../inspect.ts';
import type { KeptImages } from '../kept-images.ts';
import type { Machines } from '../machines.ts';
import { makeOverlay } from '../overlay.ts';
import { requireMachine } from '../present-machine.ts';
import type { QemuProgram } from '../qemu-program.ts';
import { copySparse } from '../saved/copy-sparse.ts';
import type { TidyUp } from '../tidy-up.ts';
import { growFile, lengthenNode, readVirtualBytes } from './grow-volume.ts';
import { placeVolumes } from './place-volumes.ts';
import {
  baseDigestOf,
  listVolumeIds,
  readVolumeFacts,
  requireOwnFile,
  VOLUME_FILES,
  volumeDamaged,
  volumePath,
  volumesPath,
} from './volume-files.ts';

const GIB = 1024 ** 3;

interface VolumeDeps {
  readonly dataDir: string;
  readonly machines: Machines;
  readonly images: KeptImages;
  readonly tidyUp: Pick<TidyUp, 'images'>;
  readonly findQemu: (options: Abortable) => Promise<QemuProgram>;
}

/** Fills the directory of a volume, and answers with what it is an overlay on. */
type Fill = (out: string) => Promise<string | null>;

/** Volumes as qcow2 files, each by itself or on what is kept of an image. */
export function createQemuVolumes(deps: VolumeDeps): DriverVolumes {
  const { images, machines } = deps;
  const path = volumesPath(deps.dataDir);
  const lock = createKeyedLock();

  const put = async (id: VolumeId, fill: Fill): Promise<void> => {
    await rm(join(path, id), { recursive: true, force: true });
    await inPlace(
      path,
      async (out) => {
        const baseDigest = await fill(out);
        await writeFile(join(out, VOLUME_FILES.facts), `${JSON.stringify({ version: 1, baseDigest })}\n`, {
          mode: 0o600,
        });
        return id;
      },
      { mode: 0o700 },
    );
  };

  const make = async (
    id: VolumeId,
    { sizeGib, content }: { readonly sizeGib: number; readonly content: VolumeContent },
    options: Abortable,
  ): Promise<void> => {
    const program = await deps.findQemu(options);
    switch (content.kind) {
      case 'empty':
        return await put(id, async (out) => {
          await makeEmpty(join(out, VOLUME_FILES.disk), sizeGib, { program, ...options });
          return null;
        });
      case 'image': {
        const { image } = content;
        if (sizeGib * GIB < image.rootBytes) throw tooSmall(image);
        await images.keepAny(image, options, (kept) =>
          put(id, async (out) => {
            const backing = relative(join(path, id), kept.rootPath);
            await makeOverlay(join(out, VOLUME_FILES.disk), { program, backing, sizeGib, ...options });
            return image.digest;
          }),
        );
        return;
      }
      case 'volume': {
        const baseDigest = await baseDigestOf(path, content.id);
        // One that is being made larger is copied before or after.
        return await lock.run(content.id, () =>
          put(id, async (out) => {
            await copySparse(join(path, content.id, VOLUME_FILES.disk), join(out, VOLUME_FILES.disk), options);
            return baseDigest;
          }),
        );
      }
      case 'vm':
        return await machines.lock.run(content.vmId, () => put(id, (out) => keepDisk(machines, content, out)));
      default:
        return content satisfies never;
    }
  };

  return {
    create: ({ id, ...volume }, options) =>
      lock.run(id, async () => {
        const facts = await readVolumeFacts(join(path, id));
        if (facts.kind === 'valid') return;
        // There may be everything of it but the facts.
        if (facts.kind === 'damaged') throw volumeDamaged(id);
        options.signal.throwIfAborted();
        await make(id, volume, options).catch((error: unknown) => {
          throw isNoSpace(error) ? diskFull(error) : error;
        });
      }),
    remove: (id) =>
      lock.run(id, async () => {
        const directory = join(path, id);
        const facts = valueIn(await readVolumeFacts(directory).catch(damagedIfUnreadable));
        await rm(join(directory, VOLUME_FILES.disk), { force: true });
        await rm(directory, { recursive: true, force: true });
        if (facts !== null && facts.baseDigest !== null) await deps.tidyUp.images([facts.baseDigest]);
      }),
    grow: ({ id, sizeGib, writer }, options) =>
      lock.run(id, async () => {
        await baseDigestOf(path, id);
        const file = volumePath(path, id);
        if ((await readVirtualBytes(file)) >= sizeGib * GIB) return;
        const growIt = async () => growFile(file, sizeGib, { program: await deps.findQemu(options), ...options });
        if (writer === null) return await growIt();
        await machines.lock.run(writer.vmId, async () => {
          const { machine } = await inspectVm(machines, writer.vmId, options);
          if (machine.kind === 'absent' || machine.kind === 'ended') return await growIt();
          await lengthenNode(await requireMachine(machines, writer.vmId), extraDiskNode(writer.disk), sizeGib);
        });
      }),
    place: (vmId, disks, options) =>
      machines.lock.run(vmId, async () => {
        const program = await deps.findQemu(options);
        await placeVolumes(vmId, disks, { machines, images, program, ...options });
      }),
    list: () => listVolumeIds(path),
  };
}

/** Gives the VM's disk, which nobody writes to any more, a second name: the first one goes with the VM. */
async function keepDisk(
  machines: Machines,
  { vmId, disk }: Extract<VolumeContent, { kind: 'vm' }>,
  out: string,
): Promise<string | null> {
  const directory = machines.directory(vmId);
  const origin = await readDiskOrigin(directory);
  if (origin === null) throw imageLost({ vmId });
  const from = disk === null ? directory.diskPath : join(directory.runPath, extraDiskFile(disk));
  await requireOwnFile(from, identityOf(vmId, []));
  await link(from, join(out, VOLUME_FILES.disk));
  return disk === null ? origin.imageDigest : (origin.contents?.[disk] ?? null);
}

function tooSmall({ rootBytes }: AnyImage): VolaryError {
  const minimum = Math.ceil(rootBytes / GIB);
  return new VolaryError(
    'invalid_argument',
    `size_gib must be at least ${minimum}: what the volume begins with is that large.`,
    { reason: 'volume.too_small', details: { field: 'size_gib', minimum } },
  );
}
