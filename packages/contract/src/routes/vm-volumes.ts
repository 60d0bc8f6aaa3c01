import { DiskName } from '../extra-disks.ts';
import { VmRef } from '../ids.ts';
import { VmRefParams } from '../parameters.ts';
import { ETAG, IF_MATCH, json, jsonBody, route } from '../route.ts';
import { object } from '../schema.ts';
import { VmVolumeRequest } from '../vm-volumes.ts';
import { Vm } from '../vms.ts';

const VM = { description: 'The VM as it now is.', content: [json(Vm)], headers: [ETAG] } as const;
const NOT_NOW = ['vm.not_stopped', 'vm.being_deleted'] as const;

export const attachVolume = route({
  method: 'POST',
  path: '/v1/vms/{ref}/volumes',
  operationId: 'attachVolume',
  tag: 'volumes',
  summary: 'Give a stopped VM a volume',
  description:
    'Its guest finds it at the next start. A VM that has it so already is left as it is. Takes `vm:update` of the VM, too.',
  permission: 'volume:attach',
  action: 'volume.attach',
  params: VmRefParams,
  headers: [IF_MATCH],
  body: jsonBody(VmVolumeRequest, { isRequired: true }),
  responses: { 200: VM },
  errors: {
    400: ['vm.invalid_disks'],
    404: ['vm.unknown', 'volume.unknown'],
    409: [...NOT_NOW, 'volume.in_use', 'volume.not_ready'],
    412: ['vm.changed'],
    422: ['driver.no_volumes'],
  },
});

export const detachVolume = route({
  method: 'DELETE',
  path: '/v1/vms/{ref}/volumes/{disk}',
  operationId: 'detachVolume',
  tag: 'volumes',
  summary: 'Detach a volume',
  description:
    'From a stopped VM, by the name that the disk has in it. Its content stays. Takes `vm:update` of the VM, too.',
  permission: 'volume:attach',
  action: 'volume.detach',
  params: object({ ref: VmRef, disk: DiskName }, { description: 'A disk of a VM.' }),
  headers: [IF_MATCH],
  responses: { 200: VM },
  errors: { 404: ['vm.unknown', 'volume.not_attached'], 409: NOT_NOW, 412: ['vm.changed'] },
});
