import { Type } from 'typebox';
import { VmRef } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { AcceptedOperation } from '../operations.ts';
import { flag } from '../parameters.ts';
import { json, PREFERENCE_APPLIED, route } from '../route.ts';
import { object } from '../schema.ts';
import { ACCEPTED, CHANGE_HEADERS } from './vms.ts';

export const deleteVm = route({
  method: 'DELETE',
  path: '/v1/vms/{ref}',
  operationId: 'deleteVm',
  tag: 'vms',
  summary: 'Delete a VM with everything that belongs to it',
  description:
    'From every phase; a running machine is ended at once, unless its guest is given a time to shut down; with `preserve_volumes` it has 30 seconds for that. Asking again gives the same operation.',
  permission: 'vm:delete',
  action: 'vm.delete',
  params: object({ ref: VmRef }, { description: 'A VM.' }),
  query: object(
    {
      preserve_volumes: Type.Optional(
        flag(
          'Its root, and disks besides it that are its own, become volumes, which the result of the operation names. Takes `volume:create`.',
        ),
      ),
      force: Type.Optional(
        Type.Boolean({ default: true, description: '`false`: refused where the VM has a machine.' }),
      ),
      grace_ms: Type.Optional(
        Type.Integer({
          minimum: LIMITS.graceMs.minimum,
          maximum: LIMITS.graceMs.maximum,
          description: 'How long a guest that runs may take to shut down before its machine is ended. Default: 0.',
        }),
      ),
    },
    { description: 'What is kept of it, and how its machine is ended.' },
  ),
  headers: CHANGE_HEADERS,
  responses: {
    200: {
      description: 'Gone, within the time of `Prefer: wait`.',
      content: [json(AcceptedOperation)],
      headers: [PREFERENCE_APPLIED],
    },
    202: ACCEPTED,
  },
  errors: {
    404: ['vm.unknown'],
    409: ['vm.being_deleted', 'vm.still_running', 'volume.nothing_to_keep', 'volume.name_taken'],
    412: ['vm.changed'],
    422: ['driver.no_volumes'],
    429: ['volume.too_many'],
  },
});
