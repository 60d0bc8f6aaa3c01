import type { HostMetrics, MetricInterval, VmMetrics, VmMetricsPage } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { allItems } from './pages.ts';
import type { Transport } from './transport.ts';
import type { VmQuery } from './vms.ts';

/** Of which VMs, and of how much time. */
export interface VmMetricsQuery extends VmQuery {
  /** `1m` unless said. */
  readonly interval?: MetricInterval;
}

/** What VMs and hosts use, each by its id or name. */
export interface MetricClient {
  /** What the VM did in the last minute (unless said), hour …, up to now. */
  get(vmRef: string, options?: Abortable & { readonly interval?: MetricInterval }): Promise<VmMetrics>;
  /** What VMs did, likewise: those that `vms.list` would list, in its order. A page may have fewer than asked for and be followed by others. */
  list(query?: VmMetricsQuery, options?: Abortable): Promise<VmMetricsPage>;
  /** Of all pages. */
  listAll(query?: Omit<VmMetricsQuery, 'cursor'>, options?: Abortable): AsyncIterable<VmMetrics>;
  /** What the host did, likewise. */
  ofHost(hostRef: string, options?: Abortable & { readonly interval?: MetricInterval }): Promise<HostMetrics>;
  /** All measures of the server, its host and its VMs, in the text format of Prometheus. */
  scrape(options?: Abortable): Promise<string>;
}

export function createMetricClient(transport: Transport): MetricClient {
  const list: MetricClient['list'] = (query = {}, { signal } = {}) =>
    transport.json({ method: 'GET', path: '/v1/metrics', query: { ...query }, signal });
  return {
    list,
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => list(cursor === undefined ? query : { ...query, cursor }, options)),
    get: (ref, { interval, signal } = {}) =>
      transport.json({
        method: 'GET',
        path: `/v1/vms/${encodeURIComponent(ref)}/metrics`,
        query: { interval },
        signal,
      }),
    ofHost: (ref, { interval, signal } = {}) =>
      transport.json({
        method: 'GET',
        path: `/v1/hosts/${encodeURIComponent(ref)}/metrics`,
        query: { interval },
        signal,
      }),
    scrape: async ({ signal } = {}) => await (await transport.send({ method: 'GET', path: '/metrics', signal })).text(),
  };
}
