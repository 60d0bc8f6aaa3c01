import { Type } from 'typebox';
import { VmRefParams } from '../parameters.ts';
import { json, route } from '../route.ts';
import { object } from '../schema.ts';
import { MetricInterval, VmMetrics } from '../vm-metrics.ts';

export const getVmMetrics = route({
  method: 'GET',
  path: '/v1/vms/{ref}/metrics',
  operationId: 'getVmMetrics',
  tag: 'metrics',
  summary: 'Get what a VM uses of its processors, memory, disks and network',
  description:
    'By its guest agent or, where there is none, what its monitor uses of processors. Measured every few seconds while it runs; kept for a week.',
  permission: 'vm:read',
  params: VmRefParams,
  query: object({ interval: Type.Optional(MetricInterval) }, { description: 'Of how much time; `1m` unless said.' }),
  responses: { 200: { description: 'What was measured.', content: [json(VmMetrics)] } },
  errors: { 404: ['vm.unknown'] },
});
