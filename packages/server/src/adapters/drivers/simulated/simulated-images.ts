import { createHash } from 'node:crypto';
import { VolaryError } from '../../../domain/errors.ts';
import { contentNameOf, type DiskContent, type ImageDefinition } from '../../../domain/image/definition.ts';
import { type AnyImage, type ContentImage, type Image, isBootable } from '../../../domain/image/image.ts';
import type { FindDefinition, ImageSource } from '../../../ports/image-source.ts';

/** The one that there always is. */
const BASE = {
  name: 'base',
  digest: '0'.repeat(64),
  boot: 'direct',
  kernelPath: '',
  initramfsPath: '',
  rootPath: '',
  rootBytes: 1024 ** 3,
  sizeBytes: 0,
  kernelVersion: 'simulated',
  builtAt: 0,
} as const satisfies Image;

/** A file with this checksum never turns out to be what it should be. */
export const NEVER_MATCHES = '0'.repeat(64);

/** Images for simulated machines: they have no files, and making them takes no time. `definitionOf`: what users' names stand for. */
export function createSimulatedImages(definitionOf: FindDefinition = async () => null): ImageSource {
  const built = new Map<string, AnyImage>();

  async function wanted(name: string, definition?: ImageDefinition): Promise<Image | null> {
    if (name === BASE.name) return BASE;
    const found = definition ?? (await definitionOf(name));
    return found === null ? null : simulate(name, found);
  }

  return {
    builtIns: () => [BASE.name],
    list: async () => [...built.values()],
    async find(name) {
      const image = await wanted(name);
      const found = image === null ? undefined : built.get(image.digest);
      return found !== undefined && isBootable(found) ? found : null;
    },
    async findContent(content) {
      const found = built.get(contentOf(content).digest);
      return found === undefined || isBootable(found) ? null : found;
    },
    async ensureContent(content, { signal, onProgress }) {
      signal.throwIfAborted();
      refuseMismatch(content.source.sha256);
      const image = contentOf(content);
      onProgress({ step: 'simulate', fraction: 1, message: 'nothing to fetch' });
      built.set(image.digest, image);
      return image;
    },
    async ensure(name, { signal, onProgress, definition }) {
      signal.throwIfAborted();
      const image = await wanted(name, definition);
      if (image === null) {
        throw new VolaryError('not_found', `There is no image ${name}.`, { reason: 'image.unknown' });
      }
      onProgress({ step: 'simulate', fraction: 1, message: 'nothing to build' });
      built.set(image.digest, image);
      return image;
    },
    measure: async (digests) => new Map(digests.map((digest) => [digest, 0])),
    sweep: async () => ({ count: 0, bytes: 0 }),
    remove: async (digest) => built.delete(digest),
  };
}

function refuseMismatch(sha256: string): void {
  if (sha256 !== NEVER_MATCHES) return;
  throw new VolaryError('failed_precondition', 'The file is not the one that was asked for: its sha256 is another.', {
    reason: 'download.checksum_mismatch',
  });
}

/** As large as the base's root. */
function contentOf(content: DiskContent): ContentImage {
  const { rootBytes, sizeBytes, builtAt } = BASE;
  const name = contentNameOf(content);
  const digest = createHash('sha256').update(name).digest('hex');
  return { name, digest, boot: 'none', rootPath: '', rootBytes, sizeBytes, builtAt };
}

function simulate(name: string, definition: ImageDefinition): Image {
  if (definition.kind === 'disk') refuseMismatch(definition.source.sha256);
  const digest = createHash('sha256')
    .update(JSON.stringify([name, definition]))
    .digest('hex');
  const { kernelPath, initramfsPath, kernelVersion, ...facts } = { ...BASE, name, digest };
  if (definition.kind === 'disk' && definition.boot === 'firmware') {
    return { ...facts, boot: 'firmware', firmware: definition.firmware };
  }
  return { ...facts, boot: 'direct', kernelPath, initramfsPath, kernelVersion };
}
