import { Type } from 'typebox';
import { LIMITS } from '../limits.ts';
import { VmRefParams } from '../parameters.ts';
import { json, jsonBody, route } from '../route.ts';
import { component } from '../schema.ts';
import { VmHealthReport } from '../vm-health.ts';
import { WorkloadStatus } from '../workload.ts';
import { ActRequest, OpenapiDocument, VmActionParams, WorkloadAnswer } from '../workload-interface.ts';

const RestartWorkloadRequest = component(
  'RestartWorkloadRequest',
  {
    grace_ms: Type.Optional(
      Type.Integer({
        minimum: LIMITS.graceMs.minimum,
        maximum: LIMITS.graceMs.maximum,
        description:
          'How long a run may take to end after SIGTERM, before SIGKILL. Default: 10000; 0: SIGKILL at once.',
      }),
    ),
  },
  { description: 'How the present run is ended.', examples: [{ grace_ms: 5_000 }] },
);

export const getVmHealth = route({
  method: 'GET',
  path: '/v1/vms/{ref}/health',
  operationId: 'getVmHealth',
  tag: 'workloads',
  summary: 'Get how a VM is, with what its last health check came to',
  permission: 'vm:read',
  params: VmRefParams,
  responses: { 200: { description: 'How it is.', content: [json(VmHealthReport)] } },
  errors: { 404: ['vm.unknown'] },
});

export const getWorkload = route({
  method: 'GET',
  path: '/v1/vms/{ref}/workload',
  operationId: 'getWorkload',
  tag: 'workloads',
  summary: 'Get how the workload of a VM is',
  permission: 'vm:read',
  params: VmRefParams,
  responses: { 200: { description: 'How it is.', content: [json(WorkloadStatus)] } },
  errors: { 404: ['vm.unknown', 'workload.none'] },
});

export const restartWorkload = route({
  method: 'POST',
  path: '/v1/vms/{ref}/workload/restart',
  operationId: 'restartWorkload',
  tag: 'workloads',
  summary: 'Run the workload of a VM anew',
  description:
    'Whatever its restart policy, and however it ended. A suspended VM is woken for it. Answers when the guest is told.',
  permission: 'vm:exec',
  action: 'workload.restart',
  params: VmRefParams,
  body: jsonBody(RestartWorkloadRequest, { isRequired: false }),
  keyed: 'in-guest',
  responses: { 200: { description: 'Told; how it was then.', content: [json(WorkloadStatus)] } },
  errors: {
    404: ['vm.unknown', 'workload.none'],
    409: ['vm.not_running', 'vm.suspended'],
    429: ['host.no_memory'],
    503: ['guest.link_lost'],
  },
});

export const getVmOpenapi = route({
  method: 'GET',
  path: '/v1/vms/{ref}/openapi',
  operationId: 'getVmOpenapi',
  tag: 'workloads',
  summary: "Get the OpenAPI document of a VM's workload",
  description: 'As it was given with the VM, or as the workload serves it at its path (at most 4 MiB of JSON).',
  permission: 'vm:read',
  params: VmRefParams,
  responses: { 200: { description: 'The document.', content: [json(OpenapiDocument)] } },
  errors: {
    404: ['vm.unknown', 'openapi.none'],
    409: ['vm.not_running', 'vm.suspended'],
    429: ['host.no_memory'],
    503: ['workload.no_answer', 'guest.link_lost'],
  },
});

export const actOnVm = route({
  method: 'POST',
  path: '/v1/vms/{ref}/actions/{name}',
  operationId: 'actOnVm',
  tag: 'workloads',
  summary: 'Tell the workload of a VM to do one of its actions',
  description: "One request to the workload's port, by way of the guest's agent. Redirects are not followed.",
  permission: 'vm:exec',
  action: 'workload.act',
  params: VmActionParams,
  body: jsonBody(ActRequest, { isRequired: false }),
  keyed: 'in-guest',
  responses: { 200: { description: 'It has answered, whatever its status.', content: [json(WorkloadAnswer)] } },
  errors: {
    404: ['vm.unknown', 'workload.unknown_action'],
    409: ['vm.not_running', 'vm.suspended'],
    429: ['host.no_memory'],
    503: ['workload.no_answer', 'guest.link_lost'],
  },
});
