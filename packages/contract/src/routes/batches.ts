import { BatchRequest } from '../batches.ts';
import { jsonBody, PREFER, route } from '../route.ts';
import { doneOrUnderWay } from './under-way.ts';

export const runBatch = route({
  method: 'POST',
  path: '/v1/batch',
  operationId: 'runBatch',
  tag: 'vms',
  summary: 'Do something to many VMs',
  description:
    "JSON, or YAML as `application/yaml`. All VMs are found, and what is asked of each is permitted, before anything is done: each action takes the permission that it takes by itself (`vm:power`, `vm:create`, `vm:exec`, `vm:delete`). A VM that is to be created is admitted when its turn comes, as by `POST /v1/vms`; what is wrong with one is the result of its item. Each item is an operation of its own, or an execution; this one's result says what came of each, and it fails with `batch.items_failed` where one failed. Cancelled, it begins no more; what is under way goes on.",
  permission: 'vm:power',
  action: 'vm.batch',
  headers: [PREFER],
  body: jsonBody(BatchRequest, { isRequired: true }),
  responses: doneOrUnderWay('Done'),
  keyed: 'stored',
  errors: {
    400: ['batch.out_of_range', 'selector.invalid', 'vm.invalid_cloud_init'],
    404: ['vm.unknown', 'batch.nothing_selected'],
    409: ['operation.cancelled', 'batch.items_failed'],
    429: ['batch.too_many'],
  },
});
