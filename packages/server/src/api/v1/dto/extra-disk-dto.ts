import type { ExtraDiskRequest } from '@volary/contract';
import { VolaryError } from '../../../domain/errors.ts';
import type { DiskContent } from '../../../domain/image/definition.ts';
import type { ExtraDisk } from '../../../domain/vm/extra-disk.ts';

/** A disk besides the root, as it is asked for. Throws `invalid_argument` vm.invalid_disks. */
export function toExtraDisk(request: ExtraDiskRequest, index: number): ExtraDisk {
  const { name, size_gib = null, readonly = false, target = null } = request;
  return {
    name,
    sizeGib: size_gib,
    content: toContent(request, `disks[${index}]`),
    isReadonly: readonly,
    target,
    volume: null,
  };
}

function toContent({ url, path, sha256, format }: ExtraDiskRequest, field: string): DiskContent | null {
  const location = url ?? path ?? null;
  if (location === null) {
    if (sha256 === undefined && format === undefined) return null;
    throw contradiction(field, 'has a sha256 or a format, and neither a url nor a path');
  }
  if (url !== undefined && path !== undefined)
    throw contradiction(field, 'has a url and a path, of which it can have one');
  if (sha256 === undefined || format === undefined)
    throw contradiction(field, 'needs the sha256 and the format of what it begins with');
  // Who may have files of the host read, the engine knows.
  return { source: { location, sha256 }, format, isLocalAllowed: false };
}

function contradiction(field: string, what: string): VolaryError {
  return new VolaryError('invalid_argument', `${field} ${what}.`, { reason: 'vm.invalid_disks', details: { field } });
}
