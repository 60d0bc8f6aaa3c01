import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import type { V1Context } from './context.ts';
import { toVmMetricsDto } from './metrics-dto.ts';
import { mount } from './mount.ts';

/** What VMs use. */
export function mountMetrics(app: FastifyInstance, { engine }: V1Context): void {
  mount(app, routes.getVmMetrics, async ({ principal, params, query }, reply) => {
    const report = await engine.metrics.get(principal, params.ref, query.interval ?? '1m');
    return await reply.send(toVmMetricsDto(report));
  });
}
