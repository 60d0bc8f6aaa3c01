import { Type } from 'typebox';
import { VmName } from '../ids.ts';
import { AcceptedOperation } from '../operations.ts';
import { ByteOffset, flag, LabelSelector, Limit, VmRefParams, WaitTimeout } from '../parameters.ts';
import {
  Bytes,
  ETAG,
  IF_MATCH,
  IF_NONE_MATCH,
  json,
  jsonBody,
  LOCATION,
  PREFER,
  PREFERENCE_APPLIED,
  route,
  TEXT_TYPE,
} from '../route.ts';
import { object, stringEnum } from '../schema.ts';
import { UpdateVmRequest } from '../vm-config.ts';
import { VmHealth } from '../vm-health.ts';
import { CreateVmRequest, EmptyRequest, StopVmRequest, VM_PHASES, Vm, VmPage, VmPhase } from '../vms.ts';

export const ACCEPTED = {
  description: 'Accepted; under way.',
  content: [json(AcceptedOperation)],
  headers: [LOCATION, PREFERENCE_APPLIED],
} as const;
export const CHANGED = {
  description: 'Done, within the time of `Prefer: wait`.',
  content: [json(Vm)],
  headers: [ETAG, PREFERENCE_APPLIED],
} as const;
export const CHANGE_HEADERS = [PREFER, IF_MATCH] as const;
const UNKNOWN = ['vm.unknown'] as const;
const VM_CHANGED = ['vm.changed'] as const;
const BEING_DELETED = 'vm.being_deleted';
/** What the VM's driver has not. */
const NOT_BY_DRIVER = ['driver.no_such_network_mode', 'driver.no_extra_disks', 'driver.no_snapshots'] as const;
/** With `Prefer: wait`, when a newer request took the place of this one, or it was cancelled. */
export const ENDED_EARLY = ['operation.superseded', 'operation.cancelled'] as const;

/** Why a VM cannot be placed on the network it is asked to be on: by 400, 404 and 429. */
export const PLACE_INVALID = ['network.invalid_rule', 'network.never_reached', 'network.unknown_subnet'] as const;
export const PLACE_UNKNOWN = ['network.unknown', 'security_group.unknown'] as const;

/** Why an OpenAPI document of another server cannot be had: by 400, and by 409. */
export const OPENAPI_UNFIT = ['download.invalid_url', 'download.target_refused'] as const;
export const OPENAPI_NOT_HAD = [
  ...(['download.refused', 'download.too_large', 'download.too_many_redirects', 'download.encoded'] as const),
  ...(['document.unreadable', 'openapi.not_openapi'] as const),
] as const;

export const APPLY_QUERY = object(
  {
    apply: Type.Optional(
      stringEnum(['live', 'restart', 'next-start'], {
        description:
          '`live` (the default): a machine that runs is given what it can be given. `restart`: it is restarted, if it lacks anything; takes `vm:power` too. `next-start`: it is left as it is until it is started again.',
      }),
    ),
  },
  { description: 'How the change comes to the machine.' },
);
export const UPDATE_ERRORS = {
  400: [
    'vm.invalid_expiry',
    'vm.disk_cannot_shrink',
    'vm.metadata_too_large',
    'vm.invalid_metadata',
    'vm.environment_conflict',
    'workload.invalid',
    'health_check.invalid',
    ...OPENAPI_UNFIT,
    'tool.unknown',
    'tool.unknown_version',
    'tool.invalid_range',
    'tool.invalid_request',
    'secret.invalid_grant',
    'network.invalid_rule',
    'network.never_reached',
  ],
  404: [...UNKNOWN, 'secret.unknown', 'security_group.unknown'],
  409: [
    BEING_DELETED,
    'vm.name_taken',
    'secret.unfit_for_env',
    'driver.cannot_resize',
    'tool.build_failed',
    ...OPENAPI_NOT_HAD,
    ...ENDED_EARLY,
  ],
  412: VM_CHANGED,
  422: [...NOT_BY_DRIVER, 'driver.no_tools', 'driver.tools_fixed'],
  429: ['host.no_memory', 'quota.exceeded'],
  503: ['tool.unreachable', 'download.unavailable'],
  504: ['vm.not_grown'],
  507: ['host.no_disk'],
} as const;

export const createVm = route({
  method: 'POST',
  path: '/v1/vms',
  operationId: 'createVm',
  tag: 'vms',
  summary: 'Create a VM, and start it',
  description: 'Refused at once, with the figures, when the host lacks memory or disk.',
  permission: 'vm:create',
  action: 'vm.create',
  headers: [PREFER],
  body: jsonBody(CreateVmRequest, { isRequired: false }),
  responses: { 201: { ...CHANGED, headers: [ETAG, LOCATION, PREFERENCE_APPLIED] }, 202: ACCEPTED },
  keyed: 'stored',
  errors: {
    400: [
      ...(['vm.unknown_image', 'vm.metadata_too_large', 'vm.invalid_metadata'] as const),
      ...(['vm.invalid_expiry', 'secret.invalid_grant'] as const),
      ...(['tool.unknown', 'tool.unknown_version', 'tool.invalid_range', 'tool.invalid_request'] as const),
      ...(['vm.invalid_environment', 'vm.environment_conflict', 'workload.invalid', 'health_check.invalid'] as const),
      ...OPENAPI_UNFIT,
      ...PLACE_INVALID,
    ],
    404: [...UNKNOWN, 'secret.unknown', 'volume.unknown', ...PLACE_UNKNOWN],
    409: [
      'vm.name_taken',
      'volume.not_ready',
      'volume.in_use',
      'image.build_failed',
      'tool.build_failed',
      'secret.unfit_for_env',
      ...OPENAPI_NOT_HAD,
      ...ENDED_EARLY,
    ],
    422: [...NOT_BY_DRIVER, 'driver.unknown', 'driver.no_firmware_boot', 'driver.no_tools', 'driver.no_volumes'],
    429: ['host.no_memory', 'quota.exceeded', 'network.no_address'],
    503: ['tool.unreachable', 'download.unavailable'],
    504: ['vm.boot_timeout'],
    507: ['host.no_disk'],
  },
});

/** Which VMs a list is of, a page of them at a time. */
export const VM_SELECTION = {
  limit: Type.Optional(Limit),
  cursor: Type.Optional(
    Type.String({ pattern: '^vm_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
  ),
  phase: Type.Optional(
    Type.Array(VmPhase, { maxItems: VM_PHASES.length, description: 'Only VMs in one of these. May be repeated.' }),
  ),
  name: Type.Optional(VmName),
  selector: Type.Optional(LabelSelector),
  driver: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 64, description: 'A driver.' }), {
      maxItems: 16,
      description: 'Only VMs that one of these runs. May be repeated.',
    }),
  ),
  search: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 128,
      pattern: '^[^\\u0000]*$',
      description: 'Only VMs with this in their name or id, in any case.',
    }),
  ),
} as const;

export const listVms = route({
  method: 'GET',
  path: '/v1/vms',
  operationId: 'listVms',
  tag: 'vms',
  summary: 'List VMs, in the order they were made',
  permission: 'vm:read',
  query: object(VM_SELECTION, { description: 'What to list.' }),
  responses: { 200: { description: 'A page.', content: [json(VmPage)] } },
  errors: { 400: ['selector.invalid'] },
});

export const getVm = route({
  method: 'GET',
  path: '/v1/vms/{ref}',
  operationId: 'getVm',
  tag: 'vms',
  summary: 'Get a VM',
  permission: 'vm:read',
  params: VmRefParams,
  headers: [IF_NONE_MATCH],
  responses: {
    200: { description: 'The VM.', content: [json(Vm)], headers: [ETAG] },
    304: { description: 'It is as you know it.', content: [], headers: [ETAG] },
  },
  errors: { 404: UNKNOWN },
});

export const updateVm = route({
  method: 'PATCH',
  path: '/v1/vms/{ref}',
  operationId: 'updateVm',
  tag: 'vms',
  summary: 'Change how a VM is set',
  description:
    'A JSON merge patch, checked as a whole; it becomes a revision of its own. What its machine need not know of holds at once, whatever phase it is in. More processors, memory and disk are given to a machine that runs, by the operation in `operation_id`; `pending_changes` tells what it lacks, and `restart_required` whether it takes a restart to have that. The files of secrets are changed at its next start, restart or wake. With `Prefer: wait` the answer comes when it has them, or with the error for which it has not; what was set stays set then.',
  permission: 'vm:update',
  action: 'vm.update',
  params: VmRefParams,
  query: APPLY_QUERY,
  headers: CHANGE_HEADERS,
  body: jsonBody(UpdateVmRequest, { isRequired: true }),
  responses: {
    200: { description: 'The VM as it now is.', content: [json(Vm)], headers: [ETAG, PREFERENCE_APPLIED] },
  },
  errors: UPDATE_ERRORS,
});

export const waitForVm = route({
  method: 'GET',
  path: '/v1/vms/{ref}/wait',
  operationId: 'waitForVm',
  tag: 'vms',
  summary: 'Wait until a VM is in a phase',
  permission: 'vm:read',
  params: VmRefParams,
  query: object(
    {
      phase: Type.Optional(
        stringEnum([...VM_PHASES, 'absent'], {
          description: 'The phase; `absent`: until it is gone. Default: running.',
        }),
      ),
      timeout: Type.Optional(WaitTimeout),
      incarnation: Type.Optional(Type.Integer({ minimum: 0, description: 'At least this life of it.' })),
      health: Type.Optional(VmHealth),
    },
    { description: 'What to wait for.' },
  ),
  responses: {
    200: { description: 'The VM, in that phase.', content: [json(Vm)], headers: [ETAG] },
    204: { description: 'It is gone, as was waited for.', content: [] },
  },
  errors: { 404: UNKNOWN, 409: ['vm.failed'], 504: ['vm.wait_timeout'] },
});

export const readConsole = route({
  method: 'GET',
  path: '/v1/vms/{ref}/console',
  operationId: 'readConsole',
  tag: 'vms',
  summary: "Read a VM's console",
  description: 'Raw bytes, as the guest wrote them, as far as they are kept.',
  permission: 'vm:read',
  params: VmRefParams,
  query: object(
    { offset: Type.Optional(ByteOffset), follow: Type.Optional(flag('Go on with what comes.')) },
    { description: 'Where to begin.' },
  ),
  responses: {
    200: {
      description: 'What it wrote.',
      content: [{ contentType: TEXT_TYPE, schema: Bytes }],
      headers: [
        {
          name: 'X-Console-Offset',
          description:
            'Of the first byte: larger than asked for when earlier ones are no longer kept. Absent while nothing has been written.',
          example: '0',
        },
      ],
    },
  },
  errors: { 404: UNKNOWN },
});

/** What all that changes whether a VM runs have in common. */
const POWER = {
  method: 'POST',
  tag: 'vms',
  permission: 'vm:power',
  params: VmRefParams,
  headers: CHANGE_HEADERS,
  responses: { 200: CHANGED, 202: ACCEPTED },
  keyed: 'stored',
} as const;

export const startVm = route({
  ...POWER,
  path: '/v1/vms/{ref}/start',
  operationId: 'startVm',
  summary: 'Start a VM',
  action: 'vm.start',
  body: jsonBody(EmptyRequest, { isRequired: false }),
  errors: {
    404: UNKNOWN,
    409: ['vm.already_running', 'vm.paused', BEING_DELETED, ...ENDED_EARLY],
    412: VM_CHANGED,
    429: ['host.no_memory', 'quota.exceeded'],
    504: ['vm.boot_timeout'],
  },
});

export const stopVm = route({
  ...POWER,
  path: '/v1/vms/{ref}/stop',
  operationId: 'stopVm',
  summary: 'Stop a VM; its disk is kept',
  action: 'vm.stop',
  body: jsonBody(StopVmRequest, { isRequired: false }),
  errors: { 404: UNKNOWN, 409: ['vm.already_stopped', BEING_DELETED, ...ENDED_EARLY], 412: VM_CHANGED },
});

export const restartVm = route({
  ...POWER,
  path: '/v1/vms/{ref}/restart',
  operationId: 'restartVm',
  summary: 'Stop and start a VM; a stopped one is started',
  action: 'vm.restart',
  body: jsonBody(StopVmRequest, { isRequired: false }),
  errors: {
    404: UNKNOWN,
    409: [BEING_DELETED, ...ENDED_EARLY],
    412: VM_CHANGED,
    429: ['host.no_memory', 'quota.exceeded'],
    504: ['vm.boot_timeout'],
  },
});

export const pauseVm = route({
  ...POWER,
  path: '/v1/vms/{ref}/pause',
  operationId: 'pauseVm',
  summary: 'Halt the virtual CPUs of a VM; its memory is kept',
  action: 'vm.pause',
  body: jsonBody(EmptyRequest, { isRequired: false }),
  errors: {
    404: UNKNOWN,
    409: ['vm.not_running', BEING_DELETED, ...ENDED_EARLY],
    412: VM_CHANGED,
    422: ['driver.cannot_pause'],
  },
});

export const suspendVm = route({
  ...POWER,
  path: '/v1/vms/{ref}/suspend',
  operationId: 'suspendVm',
  summary: 'Save the memory of a VM to disk, and free it',
  description:
    'It goes on from there, as what it was, when it is resumed or started. Commands that run stay in it, with their output.',
  action: 'vm.suspend',
  body: jsonBody(EmptyRequest, { isRequired: false }),
  errors: {
    404: UNKNOWN,
    409: ['vm.not_running', 'vm.already_suspended', BEING_DELETED, ...ENDED_EARLY],
    412: VM_CHANGED,
    422: ['driver.no_snapshots'],
    507: ['host.no_disk', 'driver.disk_full'],
  },
});

export const resumeVm = route({
  ...POWER,
  path: '/v1/vms/{ref}/resume',
  operationId: 'resumeVm',
  summary: 'Set a paused or suspended VM going',
  action: 'vm.resume',
  body: jsonBody(EmptyRequest, { isRequired: false }),
  errors: {
    404: UNKNOWN,
    409: ['vm.not_paused', 'driver.suspended_does_not_fit', BEING_DELETED, ...ENDED_EARLY],
    412: VM_CHANGED,
    429: ['host.no_memory', 'quota.exceeded'],
    500: ['driver.suspended_damaged'],
  },
});
