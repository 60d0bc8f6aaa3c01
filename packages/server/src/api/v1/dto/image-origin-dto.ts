import type { DefineImageRequest, DiskOrigin, ImageFileSource, RecipeOrigin } from '@volary/contract';
import { VolaryError } from '../../../domain/errors.ts';
import type {
  DiskDefinition,
  FileSource,
  ImageDefinition,
  RecipeDefinition,
} from '../../../domain/image/definition.ts';

/** What an image is to be made of. Throws `invalid_argument` image.invalid_definition. */
export function toImageDefinition({ description = '', disk, recipe }: DefineImageRequest): ImageDefinition {
  if (disk !== undefined && recipe === undefined) return toDiskDefinition(disk, description, 'disk');
  if (recipe !== undefined && disk === undefined) return toRecipeDefinition(recipe, description);
  throw contradiction('disk', 'An image is made of a disk or by a recipe, one of both.');
}

/** What is to be built. Whether it can be, is not looked at yet. */
export function toRecipeDefinition(origin: RecipeOrigin, description: string): RecipeDefinition {
  const { packages = [], files = [], commands = [], root_gib: rootGib = 1 } = origin;
  return {
    ...{ kind: 'recipe', description, packages, commands, rootGib },
    files: files.map(({ path, content, mode = '0644', owner = 'root:root' }) => ({
      ...{ path, content, owner },
      mode: Number.parseInt(mode, 8),
    })),
  };
}

/** The same as it is shown. */
export function toRecipeOrigin({ packages, files, commands, rootGib }: RecipeDefinition): RecipeOrigin {
  return {
    packages: [...packages],
    files: files.map(({ mode, ...file }) => ({ ...file, mode: mode.toString(8).padStart(4, '0') })),
    commands: [...commands],
    root_gib: rootGib,
  };
}

/** A disk image as it is asked for. Whether it may lead to this host is for the engine to decide. `field`: where it stands in the request. */
function toDiskDefinition(origin: DiskOrigin, description: string, field: string): DiskDefinition {
  const { format, kernel = null, initramfs = null, boot = kernel === null ? 'firmware' : 'direct', firmware } = origin;
  const disk = { kind: 'disk', description, source: toSource(origin, field), format, isLocalAllowed: false } as const;
  if (boot === 'direct') {
    if (firmware !== undefined) throw contradiction(`${field}.firmware`, 'What is `direct` has no firmware.');
    return {
      ...{ ...disk, boot },
      kernel: kernel === null ? null : toSource(kernel, `${field}.kernel`),
      initramfs: initramfs === null ? null : toSource(initramfs, `${field}.initramfs`),
    };
  }
  if (kernel !== null || initramfs !== null)
    throw contradiction(`${field}.kernel`, 'What starts by `firmware` has its kernel on its disk.');
  return { ...disk, boot, firmware: firmware ?? 'bios' };
}

/** The same as it is shown. */
export function toDiskOrigin(definition: DiskDefinition): DiskOrigin {
  const { source, format, boot } = definition;
  const common = { ...fromSource(source), format, boot };
  if (definition.boot === 'firmware') return { ...common, firmware: definition.firmware };
  const { kernel, initramfs } = definition;
  return {
    ...common,
    kernel: kernel === null ? null : fromSource(kernel),
    initramfs: initramfs === null ? null : fromSource(initramfs),
  };
}

function toSource({ url, path, sha256 }: ImageFileSource, field: string): FileSource {
  const location = url ?? path;
  if (location !== undefined && (url === undefined || path === undefined)) return { location, sha256 };
  throw contradiction(field, 'It has a url or a path, one of both.');
}

function fromSource({ location, sha256 }: FileSource): ImageFileSource {
  return location.startsWith('/') ? { path: location, sha256 } : { url: location, sha256 };
}

function contradiction(field: string, message: string): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'image.invalid_definition', details: { field } });
}
