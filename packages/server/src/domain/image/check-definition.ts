import { VolaryError } from '../errors.ts';
import { isLocalLiteral } from '../net/target.ts';
import { checkRecipe } from './check-recipe.ts';
import type { DiskContent, DiskDefinition, FileSource, ImageDefinition } from './definition.ts';
import { invalidDefinition as invalid } from './invalid-definition.ts';

const SHA256 = /^[0-9a-f]{64}$/;
const MAX_LOCATION = 4_096;

/** A name of an image: lower-case letters, digits, dots, hyphens and underscores, 1 to 63. */
const NAME = /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/;

/** Throws `invalid_argument` image.invalid_name. */
export function checkImageName(name: string): void {
  if (NAME.test(name)) return;
  throw new VolaryError(
    'invalid_argument',
    'The name of an image has 1 to 63 lower-case letters, digits, dots, hyphens and underscores, and begins and ends with a letter or digit.',
    { reason: 'image.invalid_name', details: { field: 'name' } },
  );
}

/** Throws `invalid_argument` image.invalid_definition, which names the field as requests have it. */
export function checkDefinition(definition: ImageDefinition): void {
  if (definition.kind === 'disk') checkDisk(definition);
  else checkRecipe(definition);
}

/** True when making the image reads files of the host, or asks addresses of this machine or of private networks. */
export function needsLocal(definition: ImageDefinition): boolean {
  return definition.kind === 'disk' && filesOfDisk(definition).some(({ source }) => isLocal(source.location));
}

/** The same of what a disk begins with. `field`: where it stands in the request. */
export function checkContent(field: string, { source }: DiskContent): void {
  checkSource(field, source);
}

/** As `needsLocal`. */
export function needsLocalContent({ source }: DiskContent): boolean {
  return isLocal(source.location);
}

function checkDisk(definition: DiskDefinition): void {
  for (const { field, source } of filesOfDisk(definition)) checkSource(field, source);
  if (definition.boot === 'direct' && definition.kernel === null && definition.initramfs !== null)
    throw invalid('disk.initramfs', 'An initramfs belongs to a kernel: name that as well.');
}

interface Named {
  readonly field: string;
  readonly source: FileSource;
}

function filesOfDisk(definition: DiskDefinition): readonly Named[] {
  const disk = { field: 'disk', source: definition.source };
  if (definition.boot === 'firmware') return [disk];
  const { kernel, initramfs } = definition;
  return [
    disk,
    ...(kernel === null ? [] : [{ field: 'disk.kernel', source: kernel }]),
    ...(initramfs === null ? [] : [{ field: 'disk.initramfs', source: initramfs }]),
  ];
}

function checkSource(field: string, { location, sha256 }: FileSource): void {
  if (!SHA256.test(sha256)) throw invalid(`${field}.sha256`, 'A sha256 has 64 hexadecimal digits in lower case.');
  if (location.length > MAX_LOCATION || location.includes('\0'))
    throw invalid(field, 'A URL or path is too long, or none.');
  if (location.startsWith('/')) {
    if (location.split('/').includes('..')) throw invalid(`${field}.path`, 'A path has no parts `..`.');
    return;
  }
  const url = URL.canParse(location) ? new URL(location) : null;
  const isGood = url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.port !== '0';
  if (!isGood || url.username !== '' || url.password !== '')
    throw invalid(`${field}.url`, 'It is an absolute URL of http or https, without a user name.');
}

function isLocal(location: string): boolean {
  return location.startsWith('/') || isLocalLiteral(new URL(location));
}
