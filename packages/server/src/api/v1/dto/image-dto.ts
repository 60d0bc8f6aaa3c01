import type { Image as ImageDto, ImageEntry as ImageEntryDto } from '@volary/contract';
import type { Image } from '../../../domain/image/image.ts';
import type { ImageEntry } from '../../../engine/apis/image-api.ts';
import { toDiskOrigin, toRecipeOrigin } from './image-origin-dto.ts';
import { toIso, toIsoOrNull } from './to-iso.ts';

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

/** A name of an image, with what it stands for. */
export function toImageEntryDto(entry: ImageEntry): ImageEntryDto {
  const { stored, isOriginTold } = entry;
  const origin = isOriginTold ? (stored?.definition ?? null) : null;
  return {
    name: entry.name,
    description: stored?.definition.description ?? '',
    labels: { ...entry.labels },
    is_built_in: entry.isBuiltIn,
    owner: stored?.owner ?? null,
    template: stored?.template ?? null,
    disk: origin?.kind === 'disk' ? toDiskOrigin(origin) : null,
    recipe: origin?.kind === 'recipe' ? toRecipeOrigin(origin) : null,
    last_used_at: toIsoOrNull(entry.lastUsedAt),
    current: entry.current === null ? null : toImageDto(entry.current),
    older: entry.older.map(toImageDto),
  };
}
