import { ImageName } from '../ids.ts';
import { ImagePage, ImageRefParams, RemovedImages } from '../images.ts';
import { AcceptedOperation } from '../operations.ts';
import { json, jsonBody, LOCATION, PREFER, PREFERENCE_APPLIED, route } from '../route.ts';
import { object } from '../schema.ts';
import { EmptyRequest } from '../vms.ts';

export const listImages = route({
  method: 'GET',
  path: '/v1/images',
  operationId: 'listImages',
  tag: 'images',
  summary: 'List image recipes and what was built of them',
  permission: 'image:read',
  responses: { 200: { description: 'All of them.', content: [json(ImagePage)] } },
  errors: {},
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
  responses: {
    200: {
      description: 'Built, within the time of `Prefer: wait`.',
      content: [json(AcceptedOperation)],
      headers: [PREFERENCE_APPLIED],
    },
    202: { description: 'Under way.', content: [json(AcceptedOperation)], headers: [LOCATION, PREFERENCE_APPLIED] },
  },
  keyed: 'stored',
  errors: { 404: ['image.unknown'], 409: ['image.tool_missing', 'image.build_failed', 'operation.cancelled'] },
});

export const deleteImage = route({
  method: 'DELETE',
  path: '/v1/images/{ref}',
  operationId: 'deleteImage',
  tag: 'images',
  summary: 'Remove an image that no VM or snapshot stands on',
  permission: 'image:delete',
  action: 'image.delete',
  params: ImageRefParams,
  responses: { 200: { description: 'Removed.', content: [json(RemovedImages)] } },
  errors: { 404: ['image.unknown'], 409: ['image.in_use'] },
});
