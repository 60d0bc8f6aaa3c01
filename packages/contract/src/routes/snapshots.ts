import { Type } from 'typebox';
import { VmRef } from '../ids.ts';
import { LabelSelector, Limit, SnapshotRefParams, VmRefParams } from '../parameters.ts';
import { ETAG, IF_MATCH, json, jsonBody, LOCATION, PREFER, PREFERENCE_APPLIED, route } from '../route.ts';
import { object } from '../schema.ts';
import {
  AcceptedSnapshot,
  CreateSnapshotRequest,
  Fork,
  ForkVmRequest,
  RestoredVmRequest,
  RestoreVmRequest,
  Snapshot,
  SnapshotPage,
  SnapshotState,
} from '../snapshots.ts';
import { ACCEPTED, CHANGE_HEADERS, CHANGED, ENDED_EARLY } from './vms.ts';

const UNKNOWN = ['snapshot.unknown'] as const;
const NOT_READY = 'snapshot.not_ready';
const DAMAGED = ['snapshot.damaged', 'snapshot.lost'] as const;

const UNDER_WAY = {
  description: 'Accepted; under way.',
  content: [json(AcceptedSnapshot)],
  headers: [LOCATION, PREFERENCE_APPLIED],
} as const;

export const createSnapshot = route({
  method: 'POST',
  path: '/v1/vms/{ref}/snapshots',
  operationId: 'createSnapshot',
  tag: 'snapshots',
  summary: 'Save a VM that is running or paused',
  description:
    'Its memory, devices and disk of one moment. It goes on meanwhile, but for a moment that `halted_ms` of the snapshot tells.',
  permission: 'snapshot:create',
  action: 'snapshot.create',
  params: VmRefParams,
  headers: [PREFER],
  body: jsonBody(CreateSnapshotRequest, { isRequired: false }),
  responses: {
    201: {
      description: 'Complete, within the time of `Prefer: wait`.',
      content: [json(Snapshot)],
      headers: [LOCATION, PREFERENCE_APPLIED],
    },
    202: UNDER_WAY,
  },
  keyed: 'stored',
  errors: {
    404: ['vm.unknown', ...UNKNOWN],
    409: ['vm.not_running', 'vm.being_deleted', 'snapshot.name_taken', 'snapshot.source_ended', ...ENDED_EARLY],
    422: ['driver.no_snapshots'],
    429: ['snapshot.too_many', 'quota.exceeded'],
    503: ['driver.save_failed'],
    507: ['host.no_disk', 'driver.disk_full'],
  },
});

export const listSnapshots = route({
  method: 'GET',
  path: '/v1/snapshots',
  operationId: 'listSnapshots',
  tag: 'snapshots',
  summary: 'List snapshots, in the order they were made',
  permission: 'snapshot:read',
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^snap_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
      ),
      vm: Type.Optional(VmRef),
      state: Type.Optional(SnapshotState),
      selector: Type.Optional(LabelSelector),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(SnapshotPage)] } },
  errors: { 400: ['selector.invalid'], 404: ['vm.unknown'] },
});

export const getSnapshot = route({
  method: 'GET',
  path: '/v1/snapshots/{ref}',
  operationId: 'getSnapshot',
  tag: 'snapshots',
  summary: 'Get a snapshot',
  permission: 'snapshot:read',
  params: SnapshotRefParams,
  responses: { 200: { description: 'The snapshot.', content: [json(Snapshot)], headers: [ETAG] } },
  errors: { 404: UNKNOWN },
});

export const deleteSnapshot = route({
  method: 'DELETE',
  path: '/v1/snapshots/{ref}',
  operationId: 'deleteSnapshot',
  tag: 'snapshots',
  summary: 'Delete a snapshot with what was saved',
  description: 'VMs that have begun from it go on. Asking again gives the same operation.',
  permission: 'snapshot:delete',
  action: 'snapshot.delete',
  params: SnapshotRefParams,
  headers: [PREFER, IF_MATCH],
  responses: {
    200: {
      description: 'Gone, within the time of `Prefer: wait`.',
      content: [json(AcceptedSnapshot)],
      headers: [PREFERENCE_APPLIED],
    },
    202: UNDER_WAY,
  },
  errors: { 404: UNKNOWN, 409: ['snapshot.in_use'], 412: ['snapshot.changed'] },
});

export const createVmFromSnapshot = route({
  method: 'POST',
  path: '/v1/snapshots/{ref}/vms',
  operationId: 'createVmFromSnapshot',
  tag: 'snapshots',
  summary: 'Create a VM from a snapshot',
  description: 'It has a name, a machine id, an address and random numbers of its own. Needs `snapshot:read` as well.',
  permission: 'vm:create',
  action: 'vm.create',
  params: SnapshotRefParams,
  headers: [PREFER],
  body: jsonBody(RestoredVmRequest, { isRequired: false }),
  responses: { 201: { ...CHANGED, headers: [ETAG, LOCATION, PREFERENCE_APPLIED] }, 202: ACCEPTED },
  keyed: 'stored',
  errors: {
    400: ['snapshot.other_size', 'vm.metadata_too_large', 'vm.invalid_metadata', 'secret.invalid_grant'],
    404: [...UNKNOWN, 'vm.unknown', 'secret.unknown'],
    409: ['vm.name_taken', NOT_READY, 'snapshot.does_not_fit', 'secret.unfit_for_env', ...ENDED_EARLY],
    429: ['host.no_memory', 'quota.exceeded'],
    500: DAMAGED,
    504: ['vm.boot_timeout'],
    507: ['host.no_disk'],
  },
});

export const forkVm = route({
  method: 'POST',
  path: '/v1/vms/{ref}/fork',
  operationId: 'forkVm',
  tag: 'snapshots',
  summary: 'Create VMs that go on where this one is now',
  description:
    'Each with a name, a machine id, an address and random numbers of its own. Answers what became of each; when all are refused, with the error of the first. Needs `snapshot:create` as well.',
  permission: 'vm:create',
  action: 'vm.fork',
  params: VmRefParams,
  body: jsonBody(ForkVmRequest, { isRequired: false }),
  responses: { 202: { description: 'Accepted; under way.', content: [json(Fork)], headers: [LOCATION] } },
  keyed: 'stored',
  errors: {
    400: ['vm.invalid_fork_count', 'vm.invalid_name'],
    404: ['vm.unknown'],
    409: ['vm.not_running', 'vm.being_deleted', 'vm.name_taken'],
    422: ['driver.no_snapshots'],
    429: ['host.no_memory', 'quota.exceeded', 'snapshot.too_many'],
    507: ['host.no_disk'],
  },
});

export const restoreVm = route({
  method: 'POST',
  path: '/v1/vms/{ref}/restore',
  operationId: 'restoreVm',
  tag: 'snapshots',
  summary: 'Make a VM what it was when a snapshot was taken',
  description:
    'Memory and disk, in its next life. What it is now is given up, but not before all of that is ready. Needs `snapshot:read` as well.',
  permission: 'vm:power',
  action: 'vm.restore',
  params: VmRefParams,
  headers: CHANGE_HEADERS,
  body: jsonBody(RestoreVmRequest, { isRequired: true }),
  responses: { 200: CHANGED, 202: ACCEPTED },
  keyed: 'stored',
  errors: {
    404: ['vm.unknown', ...UNKNOWN],
    409: ['vm.being_deleted', NOT_READY, 'snapshot.other_spec', 'snapshot.does_not_fit', ...ENDED_EARLY],
    412: ['vm.changed'],
    429: ['host.no_memory', 'quota.exceeded'],
    500: DAMAGED,
    504: ['vm.boot_timeout'],
    507: ['driver.disk_full'],
  },
});
