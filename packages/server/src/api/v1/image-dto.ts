import type { Image as ImageDto, ImageEntry as ImageEntryDto } from '@volary/contract';
import type { Image } from '../../domain/image/image.ts';
import type { ImageEntry } from '../../engine/engine.ts';
import { toIso } from './to-iso.ts';

/** An image as `/v1` shows it: without its paths on the host. */
export function toImageDto(image: Image): ImageDto {
  return {
    name: image.name,
    digest: image.digest,
    root_bytes: image.rootBytes,
    size_bytes: image.sizeBytes,
    boot: image.boot,
    firmware: image.boot === 'firmware' ? image.firmware : null,
    kernel_version: image.boot === 'direct' ? image.kernelVersion : null,
    built_at: toIso(image.builtAt),
  };
}

export function toImageEntryDto(entry: ImageEntry): ImageEntryDto {
  return {
    name: entry.name,
    current: entry.current === null ? null : toImageDto(entry.current),
    older: entry.older.map(toImageDto),
  };
}
