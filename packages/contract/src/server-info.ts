import { type Static, Type } from 'typebox';
import { LIMITS } from './limits.ts';
import { component, object, stringEnum } from './schema.ts';

const Range = component(
  'Range',
  { minimum: Type.Integer(), maximum: Type.Integer() },
  { description: 'Inclusive bounds.', examples: [LIMITS.vcpus] },
);

export const Capabilities = component(
  'Capabilities',
  {
    version: Type.String({ description: "The server's version." }),
    driver: Type.String({ description: 'What runs VMs.' }),
    supports_pause: Type.Boolean({ description: 'VMs can be paused and resumed.' }),
    supports_console: Type.Boolean({ description: 'The console of a VM can be read.' }),
    supports_snapshots: Type.Boolean({ description: 'VMs can be saved, forked and restored.' }),
    supports_live_resize: Type.Boolean({
      description: 'VMs that run can be given more processors, memory and disk.',
    }),
    network_modes: Type.Array(Type.String(), { description: 'What `network.mode` may be.' }),
    images: Type.Array(Type.String(), { description: 'What `image` may be.' }),
    limits: object({ vcpus: Range, memory_mib: Range, disk_gib: Range }, { description: 'Bounds of one VM.' }),
    degraded: Type.Array(Type.String(), {
      description: 'What is not as it was configured, a sentence each; empty when all is well.',
    }),
  },
  {
    description: 'What this server can do, for clients that adapt.',
    examples: [
      {
        version: '0.1.0',
        driver: 'qemu',
        supports_pause: true,
        supports_console: true,
        supports_snapshots: true,
        supports_live_resize: true,
        network_modes: ['user', 'none'],
        images: ['base'],
        limits: { vcpus: LIMITS.vcpus, memory_mib: LIMITS.memoryMib, disk_gib: LIMITS.diskGib },
        degraded: [],
      },
    ],
  },
);
export type Capabilities = Static<typeof Capabilities>;

export const Health = component(
  'Health',
  { status: stringEnum(['ok', 'ready'], { description: '`ok`: the process answers. `ready`: it takes work.' }) },
  { description: 'How the server is.', examples: [{ status: 'ok' }] },
);
export type Health = Static<typeof Health>;
