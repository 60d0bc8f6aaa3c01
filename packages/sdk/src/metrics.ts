import type { HostMetrics, MetricInterval, VmMetrics } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import type { Transport } from './transport.ts';

/** What VMs and hosts use, each by its id or name. */
export interface MetricClient {
  /** What the VM did in the last minute (unless said), hour …, up to now. */
  get(vmRef: string, options?: Abortable & { readonly interval?: MetricInterval }): Promise<VmMetrics>;
  /** What the host did, likewise. */
  ofHost(hostRef: string, options?: Abortable & { readonly interval?: MetricInterval }): Promise<HostMetrics>;
  /** All measures of the server, its host and its VMs, in the text format of Prometheus. */
  scrape(options?: Abortable): Promise<string>;
}

export function createMetricClient(transport: Transport): MetricClient {
  return {
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
