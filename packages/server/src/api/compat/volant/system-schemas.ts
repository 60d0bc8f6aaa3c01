import { component, jsonObject, nullableString, object } from '@volary/contract';
import { type Static, Type } from 'typebox';
import { moment } from './schemas.ts';

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const SystemInfo = component(
  'SystemInfo',
  {
    version: Type.String({ description: 'Of the server.' }),
    commit: nullableString({ description: 'The state of its sources; null where that is not known.' }),
    build_date: moment('When its files were written: nothing is built.'),
    go_version: Type.String({ description: 'What runs it; the name is the original’s.' }),
    platform: Type.String({ description: 'Operating system and processor.' }),
    stats: object(
      {
        total_vms: count('VMs.'),
        running_vms: count('Those that run.'),
        total_deployments: count('Deployments.'),
        total_plugins: count('Plugins.'),
      },
      { description: 'Of what the caller may see.' },
    ),
    resources: object(
      {
        cpu_count: count('Processors.'),
        memory_total_mb: count('Memory, MiB.'),
        memory_available_mb: count('Memory that is free now, MiB.'),
      },
      { description: 'Of all hosts.' },
    ),
  },
  {
    description: 'What the server is, and has.',
    examples: [
      {
        version: '0.1.0',
        commit: 'abc123',
        build_date: '2025-01-15T00:00:00Z',
        go_version: 'node24.11.0',
        platform: 'linux/amd64',
        stats: { total_vms: 12, running_vms: 10, total_deployments: 3, total_plugins: 5 },
        resources: { cpu_count: 8, memory_total_mb: 16_384, memory_available_mb: 8_192 },
      },
    ],
  },
);
export type SystemInfo = Static<typeof SystemInfo>;

export const OpenApi = jsonObject({ description: 'An OpenAPI document.', examples: [{ openapi: '3.0.3' }] });

export const EventStream = Type.String({
  description:
    'Server-sent events: `vm.created` `{name, plugin, timestamp}`, `vm.started` `{name, ip, timestamp}`, `vm.stopped` and `vm.deleted` `{name, timestamp}`, `vm.health_changed` `{name, old_status, status, timestamp}`, `vm.error` `{name, error, timestamp}`.',
  examples: ['id: 17\nevent: vm.deleted\ndata: {"name":"my-vm","timestamp":"2025-01-15T10:31:00Z"}\n\n'],
});
