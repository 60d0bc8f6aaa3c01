import { component, LIMITS, nullable, nullableInteger, object, TemplateManifest } from '@volary/contract';
import { type Static, Type } from 'typebox';
import { moment, PluginName } from './schemas.ts';

/** As every template's: Volant's own fields are among them. */
export const Manifest = TemplateManifest;

const Workload = object(
  {
    type: Type.String({ description: '`http`, `tcp`, `daemon` or `batch`.' }),
    port: nullableInteger({ description: 'Where it listens; null: nowhere that is known.' }),
  },
  { description: 'What its VMs are there for.' },
);

export const Plugin = component(
  'Plugin',
  {
    name: Type.String({ description: 'What it is called.' }),
    version: Type.String({ description: 'The newest, or the one that was asked for.' }),
    description: Type.String({ description: 'For people.' }),
    workload: nullable(Workload),
    resources: object(
      {
        vcpu: Type.Integer({ ...LIMITS.vcpus, description: 'Virtual CPUs.' }),
        memory_mb: Type.Integer({ ...LIMITS.memoryMib, description: 'Memory, MiB.' }),
      },
      { description: 'What a VM has of the host, unless it is asked for with something else.' },
    ),
    installed_at: moment('When it was installed.'),
    enabled: Type.Boolean({ description: 'Whether VMs can be made from it.' }),
  },
  {
    description: 'What VMs are made from.',
    examples: [
      {
        name: 'nginx-alpine',
        version: '1.0.0',
        description: 'NGINX web server on Alpine Linux',
        workload: { type: 'http', port: 80 },
        resources: { vcpu: 1, memory_mb: 256 },
        installed_at: '2025-01-15T09:00:00Z',
        enabled: true,
      },
    ],
  },
);
export type Plugin = Static<typeof Plugin>;

const EXAMPLE_LIST = { plugins: ['nginx-alpine', 'user-api', 'postgres'] };
export const PluginList = component(
  'PluginList',
  { plugins: Type.Array(Type.String(), { description: 'Their names, in order.' }) },
  { description: 'What is installed.', examples: [EXAMPLE_LIST] },
);

export const SetEnabled = component(
  'SetEnabled',
  { enabled: Type.Boolean({ description: 'Whether VMs can be made from it from now on.' }) },
  { description: 'Whether it is enabled.', examples: [{ enabled: false }] },
);
export const PluginParams = object({ plugin: PluginName }, { description: 'A plugin.' });
