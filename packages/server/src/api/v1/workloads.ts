import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import type { V1Context } from './context.ts';
import { toHealthReportDto } from './health-dto.ts';
import { mount } from './mount.ts';
import { toWorkloadStatusDto } from './workload-dto.ts';

const DEFAULT_GRACE_MS = 10_000;

/** What runs in VMs. */
export function mountWorkloads(app: FastifyInstance, { engine, signals }: V1Context): void {
  mount(app, routes.getVmHealth, async (request, reply) => {
    return await reply.send(toHealthReportDto(await engine.health.get(request.principal, request.params.ref)));
  });

  mount(app, routes.getWorkload, async (request, reply) => {
    const status = await engine.workloads.get(request.principal, request.params.ref);
    return await reply.send(toWorkloadStatusDto(status));
  });

  mount(app, routes.restartWorkload, async (request, reply) => {
    const options = { graceMs: request.body.grace_ms ?? DEFAULT_GRACE_MS, signal: signals.of(reply) };
    const status = await engine.workloads.restart(request.principal, request.params.ref, options);
    return await reply.send(toWorkloadStatusDto(status));
  });
}
