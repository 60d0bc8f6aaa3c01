import {
  DISK_FORMATS,
  FIRMWARES,
  type FileSource,
  type ImageDefinition,
  type ImageRequest,
  type ImageUse,
  type StoredImage,
} from '../../../../domain/image/definition.ts';
import type { ImageRequestRow, ImageRow, ImageUseRow } from '../rows/image-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** A definition as a row. */
export function encodeImage(image: StoredImage): ImageRow {
  return {
    name: image.name,
    definition: JSON.stringify(image.definition),
    owner: image.owner,
    template: image.template,
    created_at: image.createdAt,
    updated_at: image.updatedAt,
  };
}

/** The definition in a row. Throws `data_loss` store.damaged. */
export function decodeImage(row: ImageRow): StoredImage {
  return readRow({ what: 'image', id: row.name }, () => ({
    name: read.text(row.name, 'name'),
    definition: read.json(readDefinition)(row.definition, 'definition'),
    owner: read.text(row.owner, 'owner'),
    template: read.nullable(read.text)(row.template, 'template'),
    createdAt: read.number(row.created_at, 'created_at'),
    updatedAt: read.number(row.updated_at, 'updated_at'),
  }));
}

/** A request as a row. */
export function encodeImageRequest(operation_id: string, { definition, labels }: ImageRequest): ImageRequestRow {
  return {
    operation_id,
    definition: JSON.stringify(definition),
    labels: labels === null ? null : JSON.stringify(labels),
  };
}

/** The request in a row. Throws `data_loss` store.damaged. */
export function decodeImageRequest(row: ImageRequestRow): ImageRequest {
  return readRow({ what: 'request for an image', id: row.operation_id }, () => ({
    definition: read.json(readDefinition)(row.definition, 'definition'),
    labels: read.nullable(read.json(read.record(read.text)))(row.labels, 'labels'),
  }));
}

/** When an image was used. Throws `data_loss` store.damaged. */
export function decodeImageUse(row: ImageUseRow): ImageUse {
  return readRow({ what: 'use of an image', id: row.name }, () => ({
    name: read.text(row.name, 'name'),
    usedAt: read.number(row.used_at, 'used_at'),
  }));
}

/** What a name stands for, parsed. */
export const readDefinition: read.Reader<ImageDefinition> = (value, field) => {
  const fields = read.object(value, field);
  const at = (name: string): string => `${field}.${name}`;
  const kind = read.oneOf(['recipe', 'disk'])(fields['kind'], at('kind'));
  const description = read.text(fields['description'], at('description'));
  if (kind === 'recipe') {
    return {
      kind,
      description,
      packages: read.list(read.text)(fields['packages'], at('packages')),
      files: read.list(readFile)(fields['files'], at('files')),
      commands: read.list(read.text)(fields['commands'], at('commands')),
      rootGib: read.count(fields['rootGib'], at('rootGib')),
    };
  }
  const disk = {
    kind,
    description,
    source: readSource(fields['source'], at('source')),
    format: read.oneOf(DISK_FORMATS)(fields['format'], at('format')),
    isLocalAllowed: read.boolean(fields['isLocalAllowed'], at('isLocalAllowed')),
  };
  const boot = read.oneOf(['firmware', 'direct'])(fields['boot'], at('boot'));
  if (boot === 'firmware')
    return { ...disk, boot, firmware: read.oneOf(FIRMWARES)(fields['firmware'], at('firmware')) };
  return {
    ...disk,
    boot,
    kernel: read.nullable(readSource)(fields['kernel'], at('kernel')),
    initramfs: read.nullable(readSource)(fields['initramfs'], at('initramfs')),
  };
};

const readSource: read.Reader<FileSource> = (value, field) => {
  const { location, sha256 } = read.object(value, field);
  return { location: read.text(location, `${field}.location`), sha256: read.text(sha256, `${field}.sha256`) };
};

const readFile: read.Reader<{
  readonly path: string;
  readonly content: string;
  readonly mode: number;
  readonly owner: string;
}> = (value, field) => {
  const { path, content, mode, owner } = read.object(value, field);
  return {
    path: read.text(path, `${field}.path`),
    content: read.text(content, `${field}.content`),
    mode: read.count(mode, `${field}.mode`),
    owner: read.text(owner, `${field}.owner`),
  };
};
