import { VolaryError } from '../../../domain/errors.ts';
import type { DriverStorage, KeptThing } from '../../../ports/driver.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { listContainers } from './engine/containers.ts';
import type { EngineClient } from './engine/engine-client.ts';
import { listRoots, removeRoot } from './root-images.ts';
import type { UnpackedPacks } from './unpacked-packs.ts';

const PREFIX = 'docker-root-';
const TOOL_PREFIX = 'docker-tool-';

/** What the engine has of ours on its disk. Where it cannot be reached, nothing: most hosts have none. */
export function createDockerStorage(
  client: EngineClient,
  { installationId, unpacked }: { readonly installationId: string; readonly unpacked: UnpackedPacks },
): DriverStorage {
  return {
    async list(options) {
      try {
        const containers = await listContainers(client, { installationId, withSize: true }, options);
        const disks = containers.map(
          ({ vmId, sizeBytes, isRunning }): KeptThing => ({
            kind: 'disk',
            id: vmId,
            bytes: sizeBytes,
            isBusy: isRunning,
          }),
        );
        // Of other installations' containers nothing is known here: the engine knows, and keeps what one of them has.
        const inUse = new Set(containers.map(({ imageDigest }) => imageDigest));
        const roots = (await listRoots(client, options)).map(
          ({ digest, sizeBytes }): KeptThing => ({
            kind: 'leftover',
            id: `${PREFIX}${digest}`,
            bytes: sizeBytes,
            isBusy: inUse.has(digest),
          }),
        );
        const had = new Set(containers.flatMap(({ packs }) => packs.map(({ digest }) => digest)));
        const tools = (await unpacked.list()).map(
          ({ digest, bytes }): KeptThing => ({
            kind: 'leftover',
            id: `${TOOL_PREFIX}${digest}`,
            bytes,
            isBusy: had.has(digest),
          }),
        );
        return [...disks, ...roots, ...tools];
      } catch (error) {
        if (error instanceof VolaryError && error.reason === 'driver.engine_unreachable') return [];
        throw error;
      }
    },
    async removeLeftover(id, options) {
      const digest = id.startsWith(TOOL_PREFIX) ? id.slice(TOOL_PREFIX.length) : null;
      if (digest !== null)
        return await unpacked.removeUnless(digest, () => isPackUsed(client, { digest, installationId }, options));
      return id.startsWith(PREFIX) && (await removeRoot(client, id.slice(PREFIX.length), options));
    },
  };
}

/** Whether a container of this installation has it. */
export async function isPackUsed(
  client: EngineClient,
  { digest, installationId }: { readonly digest: string; readonly installationId: string },
  options: Abortable,
): Promise<boolean> {
  const containers = await listContainers(client, { installationId }, options);
  return containers.some(({ packs }) => packs.some((pack) => pack.digest === digest));
}
