import { Type } from 'typebox';
import { HealthCheckRequest } from './health-check.ts';
import { nullable } from './schema.ts';
import { OpenapiSource, VmActions } from './vm-actions.ts';
import { environmentMap, WorkloadRequest } from './workload.ts';

/** What runs in a VM and how it is known to, in requests. */
export const workloadFields = {
  environment: Type.Optional(
    environmentMap(
      'Variables for each command, each shell and the workload. None may have the name of a secret of the VM.',
    ),
  ),
  workload: Type.Optional(nullable(WorkloadRequest)),
  health_check: Type.Optional(nullable(HealthCheckRequest)),
  openapi: Type.Optional(nullable(OpenapiSource)),
  actions: Type.Optional(VmActions),
};
