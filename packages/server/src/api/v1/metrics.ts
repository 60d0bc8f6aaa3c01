import { routes, type VmMetricsPage } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';
import { toHostMetricsDto, toVmMetricsDto } from './dto/metrics-dto.ts';
import { vmSelectionOf } from './vm-selection.ts';

/** Of the text format of Prometheus. */
const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** What VMs and hosts use, and what monitoring systems ask for. */
export function mountMetrics(app: FastifyInstance, { engine }: V1Context): void {
  mount(app, routes.getVmMetrics, async ({ principal, params, query }, reply) => {
    const report = await engine.metrics.get(principal, params.ref, query.interval ?? '1m');
    return await reply.send(toVmMetricsDto(report));
  });

  mount(app, routes.listVmMetrics, async ({ principal, query }): Promise<VmMetricsPage> => {
    const { items, next } = await engine.metrics.list(principal, vmSelectionOf(query), query.interval ?? '1m');
    return { items: items.map(toVmMetricsDto), next_cursor: next };
  });

  mount(app, routes.getHostMetrics, async ({ principal, params, query }) =>
    toHostMetricsDto(await engine.metrics.ofHost(principal, params.ref, query.interval ?? '1m')),
  );

  mount(app, routes.getMetrics, async ({ principal }, reply) => {
    const text = await engine.monitoring.scrape(principal);
    return await reply.header('content-type', EXPOSITION_TYPE).send(text);
  });
}
