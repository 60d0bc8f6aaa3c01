import { Type } from 'typebox';
import { HostMetrics } from '../host-metrics.ts';
import { HostRefParams } from '../hosts.ts';
import { VmRefParams } from '../parameters.ts';
import { json, route, TEXT_TYPE } from '../route.ts';
import { object } from '../schema.ts';
import { MetricInterval, VmMetrics, VmMetricsPage } from '../vm-metrics.ts';
import { VM_SELECTION } from './vms.ts';

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

export const listVmMetrics = route({
  method: 'GET',
  path: '/v1/metrics',
  operationId: 'listVmMetrics',
  tag: 'metrics',
  summary: 'List what VMs use, in the order they were made',
  description:
    'Each as `GET /v1/vms/{ref}/metrics` tells of it, also those that do not run. A page may have fewer than asked for and be followed by others: all its `series` together have some 2,400 steps at most.',
  permission: 'vm:read',
  query: object(
    { ...VM_SELECTION, interval: Type.Optional(MetricInterval) },
    { description: 'Of which VMs, as `GET /v1/vms` has them, and of how much time; `1m` unless said.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(VmMetricsPage)] } },
  errors: { 400: ['selector.invalid'] },
});

export const getHostMetrics = route({
  method: 'GET',
  path: '/v1/hosts/{ref}/metrics',
  operationId: 'getHostMetrics',
  tag: 'metrics',
  summary: 'Get what a host uses of its processors, memory, disk and network',
  description:
    'As its kernel counts it, by VMs and by everything else: the file system and the device of the data directory, and the devices that join it to others. Measured every few seconds while the server runs; kept for a week.',
  permission: 'host:read',
  params: HostRefParams,
  query: object({ interval: Type.Optional(MetricInterval) }, { description: 'Of how much time; `1m` unless said.' }),
  responses: { 200: { description: 'What was measured.', content: [json(HostMetrics)] } },
  errors: { 404: ['host.unknown'] },
});

export const getMetrics = route({
  method: 'GET',
  path: '/metrics',
  operationId: 'getMetrics',
  tag: 'metrics',
  summary: 'Get all measures of the server, its host and its VMs, for Prometheus',
  description:
    'Of each figure there is what is known now: what was not measured is not there. Scrape it every 15 seconds or so.',
  permission: 'metrics:read',
  responses: {
    200: {
      description: 'The text format of Prometheus, version 0.0.4.',
      content: [
        {
          contentType: TEXT_TYPE,
          schema: Type.String({
            description: 'Measures.',
            examples: ['# HELP volary_vms VMs, by phase.\n# TYPE volary_vms gauge\nvolary_vms{phase="running"} 3\n'],
          }),
        },
      ],
    },
  },
  errors: {},
});
