import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';
import { toText } from './dto/execution-dto.ts';
import { toHealthReportDto } from './dto/health-dto.ts';
import { toWorkloadStatusDto } from './dto/workload-dto.ts';

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

  mount(app, routes.getVmOpenapi, async (request, reply) => {
    const options = { signal: signals.of(reply) };
    return await reply.send(await engine.workloadInterfaces.openapi(request.principal, request.params.ref, options));
  });

  mount(app, routes.actOnVm, async (request, reply) => {
    const { ref, name: action } = request.params;
    const asked = { action, body: request.body.body };
    const options = { signal: signals.of(reply) };
    const answer = await engine.workloadInterfaces.act(request.principal, ref, asked, options);
    const { data, encoding } = toText(answer.body);
    const { status, contentType: content_type } = answer;
    return await reply.send({ status, content_type, body: data, body_encoding: encoding });
  });

  mount(app, routes.restartWorkload, async (request, reply) => {
    const options = { graceMs: request.body.grace_ms ?? DEFAULT_GRACE_MS, signal: signals.of(reply) };
    const status = await engine.workloads.restart(request.principal, request.params.ref, options);
    return await reply.send(toWorkloadStatusDto(status));
  });
}
