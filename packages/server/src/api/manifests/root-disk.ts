import type { TemplateManifest } from '@volary/contract';
import { VolaryError } from '../../domain/errors.ts';
import { checkDefinition } from '../../domain/image/check-definition.ts';
import { checkRecipe } from '../../domain/image/check-recipe.ts';
import type { FileSource, ImageDefinition } from '../../domain/image/definition.ts';
import type { ExtraDisk } from '../../domain/vm/extra-disk.ts';
import { toRecipeDefinition } from '../v1/dto/image-origin-dto.ts';
import { invalidFields } from '../validation.ts';

/** The image that a manifest brings; null where it names one. Throws `invalid_argument` request.invalid by the manifest's own path. */
export function toDefinition(manifest: TemplateManifest): ImageDefinition | null {
  const definition = definitionIn(manifest);
  try {
    if (definition !== null) checkDefinition(definition);
    return definition;
  } catch (error) {
    if (!(error instanceof VolaryError)) throw error;
    throw invalidFields([{ field: pathOf(error), message: `is refused (${error.message.replace(/\.$/, '')})` }]);
  }
}

/** As requests for images have it: `disk.path`, `disk.kernel.url`. A manifest has one word for both. */
function pathOf({ details }: VolaryError): string {
  const [, file = 'rootfs', part] = /^disk(?:\.(kernel|initramfs))?\.(\w+)$/.exec(String(details['field'])) ?? [];
  return `${file}.${part === 'sha256' ? 'checksum' : 'url'}`;
}

function definitionIn({
  description = '',
  image,
  rootfs,
  kernel,
  initramfs,
}: TemplateManifest): ImageDefinition | null {
  if (typeof image === 'object') {
    const recipe = toRecipeDefinition(image.recipe, description);
    checkRecipe(recipe, 'image.recipe');
    return recipe;
  }
  if (rootfs === undefined) return null;
  const { format = 'raw', boot = 'direct', firmware = 'bios' } = rootfs;
  const disk = {
    kind: 'disk',
    description,
    source: toSource(rootfs),
    format: toFormat(format),
    // Who may have files of the host read, the engine knows.
    isLocalAllowed: false,
  } as const;
  if (boot === 'firmware') return { ...disk, boot, firmware };
  return {
    ...disk,
    boot,
    kernel: kernel === undefined ? null : toSource(kernel),
    initramfs: initramfs === undefined ? null : toSource(initramfs),
  };
}

/** A disk besides the root. */
export function toDisk(disk: NonNullable<TemplateManifest['disks']>[number]): ExtraDisk {
  const { name, size_gib = null, readonly = false, target = null, source, checksum, format = 'raw' } = disk;
  const content =
    source === undefined || checksum === undefined
      ? null
      : { source: toSource({ url: source, checksum }), format: toFormat(format), isLocalAllowed: false };
  return { name, sizeGib: size_gib, content, isReadonly: readonly, target, volume: null };
}

/** A file system on its own is what it says, byte for byte. */
function toFormat(format: 'qcow2' | 'raw' | 'ext4'): 'qcow2' | 'raw' {
  return format === 'ext4' ? 'raw' : format;
}

function toSource({ url, checksum }: { readonly url: string; readonly checksum: string }): FileSource {
  return {
    location: url.startsWith('file://') ? url.slice('file://'.length) : url,
    sha256: checksum.replace(/^sha256:/, '').toLowerCase(),
  };
}
