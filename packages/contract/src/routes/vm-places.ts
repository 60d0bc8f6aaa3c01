import { VmRefParams } from '../parameters.ts';
import { json, route } from '../route.ts';
import { VmPlaces } from '../vm-places.ts';

export const getVmPlaces = route({
  method: 'GET',
  path: '/v1/vms/{ref}/places',
  operationId: 'getVmPlaces',
  tag: 'vms',
  summary: 'Find where a VM lies on its host',
  permission: 'vm:read',
  params: VmRefParams,
  responses: { 200: { description: 'Where.', content: [json(VmPlaces)] } },
  errors: { 404: ['vm.unknown'] },
});
