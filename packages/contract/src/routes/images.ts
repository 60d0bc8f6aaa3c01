import { ImageName } from '../ids.ts';
import { DefineImageRequest, ImageEntry, ImagePage, ImageRefParams, RemovedImages } from '../images.ts';
import { UpdateLabelsRequest } from '../labels.ts';
import { SelectorQuery } from '../parameters.ts';
import { json, jsonBody, PREFER, route } from '../route.ts';
import { object } from '../schema.ts';
import { EmptyRequest } from '../vms.ts';
import { doneOrUnderWay } from './under-way.ts';

export const listImages = route({
  method: 'GET',
  path: '/v1/images',
  operationId: 'listImages',
  tag: 'images',
  summary: 'List image recipes and what was built of them',
  permission: 'image:read',
  query: SelectorQuery,
  responses: { 200: { description: 'All of them.', content: [json(ImagePage)] } },
  errors: { 400: ['selector.invalid'] },
});

export const getImage = route({
  method: 'GET',
  path: '/v1/images/{name}',
  operationId: 'getImage',
  tag: 'images',
  summary: 'Show what a name stands for, and what was made of it',
  permission: 'image:read',
  params: object({ name: ImageName }, { description: 'A name.' }),
  responses: { 200: { description: 'It.', content: [json(ImageEntry)] } },
  errors: { 404: ['image.unknown'] },
});

const REFUSED_FILES = [
  'download.checksum_mismatch',
  'download.refused',
  'download.too_slow',
  'image.build_failed',
  'image.bad_modules',
  'image.recipe_too_large',
  'image.backing_file',
  'image.damaged',
  'image.no_file',
  'image.other_format',
  'image.too_large',
] as const;

export const defineImage = route({
  method: 'POST',
  path: '/v1/images',
  operationId: 'defineImage',
  tag: 'images',
  summary: 'Import a disk image, or build one by a recipe, under a name',
  description:
    'A recipe is built from packages. A disk image is fetched, verified by its checksum, looked at and converted; when that has succeeded, the name stands for it, until then for what it did. The same once more makes nothing, and a download that broke off is gone on with.',
  permission: 'image:create',
  action: 'image.define',
  headers: [PREFER],
  body: jsonBody(DefineImageRequest, { isRequired: true }),
  responses: doneOrUnderWay('Imported'),
  keyed: 'stored',
  errors: {
    400: ['image.invalid_definition', 'image.path_refused', 'download.target_refused'],
    409: ['image.built_in', 'image.of_template', 'image.busy', ...REFUSED_FILES, 'operation.cancelled'],
    429: ['image.too_many'],
  },
});

export const updateImage = route({
  method: 'PATCH',
  path: '/v1/images/{name}',
  operationId: 'updateImage',
  tag: 'images',
  summary: 'Give an image other labels',
  description: 'Also one that is built in, or belongs to a template. What is made of it stays what it is.',
  permission: 'image:update',
  action: 'image.update',
  params: object({ name: ImageName }, { description: 'A name.' }),
  body: jsonBody(UpdateLabelsRequest, { isRequired: true }),
  responses: { 200: { description: 'The image as it now is.', content: [json(ImageEntry)] } },
  errors: { 404: ['image.unknown'] },
});

export const buildImage = route({
  method: 'POST',
  path: '/v1/images/{name}/build',
  operationId: 'buildImage',
  tag: 'images',
  summary: 'Build an image, unless it is there',
  permission: 'image:build',
  action: 'image.build',
  params: object({ name: ImageName }, { description: 'A recipe.' }),
  headers: [PREFER],
  body: jsonBody(EmptyRequest, { isRequired: false }),
  responses: doneOrUnderWay('Built'),
  keyed: 'stored',
  errors: { 404: ['image.unknown'], 409: ['image.tool_missing', 'image.build_failed', 'operation.cancelled'] },
});

export const deleteImage = route({
  method: 'DELETE',
  path: '/v1/images/{name}',
  operationId: 'deleteImage',
  tag: 'images',
  summary: 'Remove an image that no VM, template or snapshot needs',
  permission: 'image:delete',
  action: 'image.delete',
  params: ImageRefParams,
  responses: { 200: { description: 'Removed.', content: [json(RemovedImages)] } },
  errors: { 404: ['image.unknown'], 409: ['image.in_use', 'image.of_template'] },
});
