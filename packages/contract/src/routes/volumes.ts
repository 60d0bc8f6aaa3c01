import { Type } from 'typebox';
import { LabelSelector, Limit, VolumeRefParams } from '../parameters.ts';
import { ETAG, IF_MATCH, json, jsonBody, LOCATION, PREFER, PREFERENCE_APPLIED, route } from '../route.ts';
import { object } from '../schema.ts';
import { AcceptedVolume, CreateVolumeRequest, UpdateVolumeRequest, Volume, VolumePage } from '../volumes.ts';
import { ENDED_EARLY } from './vms.ts';

const UNKNOWN = ['volume.unknown'] as const;
const UNDER_WAY = {
  description: 'Accepted; under way.',
  content: [json(AcceptedVolume)],
  headers: [LOCATION, PREFERENCE_APPLIED],
} as const;

export const createVolume = route({
  method: 'POST',
  path: '/v1/volumes',
  operationId: 'createVolume',
  tag: 'volumes',
  summary: 'Make a volume',
  description:
    'Refused at once, with the figures, when the host lacks disk or the quota is used up. One that begins with an image takes `image:read` besides; with a disk image, `image:create`; with a volume, `volume:read`.',
  permission: 'volume:create',
  action: 'volume.create',
  headers: [PREFER],
  body: jsonBody(CreateVolumeRequest, { isRequired: true }),
  responses: {
    201: {
      description: 'Complete, within the time of `Prefer: wait`.',
      content: [json(Volume)],
      headers: [ETAG, LOCATION, PREFERENCE_APPLIED],
    },
    202: UNDER_WAY,
  },
  keyed: 'stored',
  errors: {
    400: [
      ...(['volume.invalid_size', 'volume.invalid_source', 'volume.size_needed', 'volume.too_small'] as const),
      ...(['image.invalid_definition', 'download.checksum_mismatch'] as const),
    ],
    404: [...UNKNOWN, 'image.unknown'],
    409: ['volume.name_taken', 'volume.not_ready', 'volume.in_use', 'image.build_failed', ...ENDED_EARLY],
    422: ['driver.no_volumes'],
    429: ['volume.too_many', 'quota.exceeded'],
    504: ['operation.deadline'],
    507: ['host.no_disk', 'driver.disk_full'],
  },
});

export const listVolumes = route({
  method: 'GET',
  path: '/v1/volumes',
  operationId: 'listVolumes',
  tag: 'volumes',
  summary: 'List volumes, in the order they were made',
  permission: 'volume:read',
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^vol_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
      ),
      selector: Type.Optional(LabelSelector),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(VolumePage)] } },
  errors: { 400: ['selector.invalid'] },
});

export const getVolume = route({
  method: 'GET',
  path: '/v1/volumes/{ref}',
  operationId: 'getVolume',
  tag: 'volumes',
  summary: 'Get a volume',
  permission: 'volume:read',
  params: VolumeRefParams,
  responses: { 200: { description: 'The volume.', content: [json(Volume)], headers: [ETAG] } },
  errors: { 404: UNKNOWN },
});

export const updateVolume = route({
  method: 'PATCH',
  path: '/v1/volumes/{ref}',
  operationId: 'updateVolume',
  tag: 'volumes',
  summary: 'Change what a volume is called, its labels, and how large it is',
  description:
    'A volume only grows. The guest of a VM that runs and writes to it sees that at once; VMs that read it are stopped first. Answered when it is as large; asked again, what an error has kept from coming about is done.',
  permission: 'volume:update',
  action: 'volume.update',
  params: VolumeRefParams,
  headers: [IF_MATCH],
  body: jsonBody(UpdateVolumeRequest, { isRequired: true }),
  responses: { 200: { description: 'Changed.', content: [json(Volume)], headers: [ETAG] } },
  errors: {
    400: ['volume.invalid_size', 'volume.cannot_shrink'],
    404: UNKNOWN,
    409: ['volume.name_taken', 'volume.in_use', 'volume.not_ready', 'driver.no_machine'],
    412: ['volume.changed'],
    429: ['quota.exceeded'],
    507: ['host.no_disk', 'driver.disk_full'],
  },
});

export const deleteVolume = route({
  method: 'DELETE',
  path: '/v1/volumes/{ref}',
  operationId: 'deleteVolume',
  tag: 'volumes',
  summary: 'Delete a volume with what is in it',
  description: 'Refused while VMs have it; they are named. Asking again gives the same operation.',
  permission: 'volume:delete',
  action: 'volume.delete',
  params: VolumeRefParams,
  headers: [PREFER, IF_MATCH],
  responses: {
    200: {
      description: 'Gone, within the time of `Prefer: wait`.',
      content: [json(AcceptedVolume)],
      headers: [PREFERENCE_APPLIED],
    },
    202: UNDER_WAY,
  },
  errors: { 404: UNKNOWN, 409: ['volume.in_use', 'volume.not_ready'], 412: ['volume.changed'] },
});
