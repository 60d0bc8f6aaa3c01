import { createHash } from 'node:crypto';
import type { DiskDefinition } from '../../../domain/image/definition.ts';
import type { ContentDefinition } from './disk-import.ts';

/** Raised when the converter makes something else of the same file. */
const FORMAT = 1;

/** What a root is made from: the file, and what it is written in. Hex sha256. */
export function rootKeyOf({ source, format }: Pick<DiskDefinition, 'source' | 'format'>): string {
  return sha256(['disk root', FORMAT, source.sha256, format]);
}

/**
 * What the whole image is made from. `ours`: digest of what of us is in it, the kernel with our initramfs, or the agent; null where nothing is.
 * Hex sha256.
 */
export function diskSources(definition: DiskDefinition | ContentDefinition, ours: string | null): string {
  const root = rootKeyOf(definition);
  if (definition.boot === 'none') return sha256(['disk', root, 'none']);
  if (definition.boot === 'firmware') return sha256(['disk', root, 'firmware', definition.firmware]);
  const { kernel, initramfs } = definition;
  return sha256(['disk', root, 'direct', kernel?.sha256 ?? null, initramfs?.sha256 ?? null, ours]);
}

/** What the image *is*, by name. Hex sha256. */
export function diskDigest(name: string, parts: readonly string[]): string {
  return sha256(['disk image', name, ...parts]);
}

function sha256(parts: readonly (string | number | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
