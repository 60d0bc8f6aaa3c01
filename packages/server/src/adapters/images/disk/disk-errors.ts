/** Why a file is no image that can be used. What the file says of itself never gets into a message. */
import { VolaryError } from '../../../domain/errors.ts';

export function backingFile(): VolaryError {
  return new VolaryError(
    'failed_precondition',
    'The image stands on another file, its backing file. Flatten it first.',
    { reason: 'image.backing_file' },
  );
}

export function externalData(): VolaryError {
  return new VolaryError('failed_precondition', 'The image keeps its data in another file. Convert it first.', {
    reason: 'image.external_data',
  });
}

export function encrypted(): VolaryError {
  return new VolaryError('failed_precondition', 'The image is encrypted.', { reason: 'image.encrypted' });
}

export function notQcow2(): VolaryError {
  return new VolaryError('failed_precondition', 'The file is no qcow2 image.', { reason: 'image.other_format' });
}

export function notRaw(): VolaryError {
  return new VolaryError('failed_precondition', 'The file is a qcow2 image, and was said to be a raw one.', {
    reason: 'image.other_format',
  });
}

export function damaged(): VolaryError {
  return new VolaryError('failed_precondition', 'The image is damaged, or no image at all.', {
    reason: 'image.damaged',
  });
}

export function partialSector(): VolaryError {
  return new VolaryError(
    'failed_precondition',
    'The file does not end with a whole sector of 512 bytes: it is cut off, or no raw image.',
    { reason: 'image.partial_sector' },
  );
}

export function noFileSystem(): VolaryError {
  return new VolaryError(
    'failed_precondition',
    'The disk is not one ext4 file system, as one has to be whose kernel is entered directly. With a boot loader of its own it starts by firmware.',
    { reason: 'image.no_file_system' },
  );
}

export function badKernel(): VolaryError {
  return new VolaryError('failed_precondition', 'The file is no Linux kernel for this processor.', {
    reason: 'image.bad_kernel',
  });
}

export function fileChanged(): VolaryError {
  return new VolaryError('failed_precondition', 'The file was changed while it was read.', {
    reason: 'image.file_changed',
  });
}

export function noFile(): VolaryError {
  return new VolaryError('failed_precondition', 'There is no such file in the folders that images may be taken from.', {
    reason: 'image.no_file',
  });
}

/** `maxBytes`: what a disk may have. */
export function diskTooLarge(bytes: number, maxBytes: number): VolaryError {
  const gib = (size: number): string => (size / 1024 ** 3).toFixed(size < 1024 ** 3 ? 3 : 0);
  return new VolaryError(
    'failed_precondition',
    `The image's disk has ${gib(bytes)} GiB; at most ${gib(maxBytes)} (whoever runs the server sets image_max_gib).`,
    { reason: 'image.too_large', details: { bytes, maximum: maxBytes } },
  );
}

export function bomb(): VolaryError {
  return new VolaryError('failed_precondition', 'The image unpacks to far more than any real one does.', {
    reason: 'image.bomb',
  });
}

export function pathRefused(): VolaryError {
  return new VolaryError(
    'invalid_argument',
    'Images are taken from certain folders of the host alone (whoever runs the server sets image_folders).',
    { reason: 'image.path_refused' },
  );
}

/** Also what a program says when it has filled the disk. */
export function noRoom(neededBytes: number | null, cause?: unknown): VolaryError {
  const much = neededBytes === null ? '' : `; it needs ${Math.ceil(neededBytes / 1024 ** 2)} MiB`;
  return new VolaryError('resource_exhausted', `There is no room on the disk for the image${much}.`, {
    reason: 'image.no_room',
    cause,
  });
}
