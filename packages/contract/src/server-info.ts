import { type Static, Type } from 'typebox';
import { LIMITS } from './limits.ts';
import { component, nullableString, object, stringEnum } from './schema.ts';

const Range = component(
  'Range',
  { minimum: Type.Integer(), maximum: Type.Integer() },
  { description: 'Inclusive bounds.', examples: [LIMITS.vcpus] },
);

const EXAMPLE_DRIVERS = [
  {
    kind: 'qemu',
    version: '7.2.15',
    why_not: null,
    supports_pause: true,
    supports_console: true,
    supports_snapshots: true,
    supports_live_resize: true,
    network_modes: ['user', 'none'],
  },
] as const;

/** What each driver says of itself, and the first one for the server. */
const driverFields = {
  supports_pause: Type.Boolean({ description: 'VMs can be paused and resumed.' }),
  supports_console: Type.Boolean({ description: 'The console of a VM can be read.' }),
  supports_snapshots: Type.Boolean({ description: 'VMs can be saved, forked and restored.' }),
  supports_live_resize: Type.Boolean({
    description: 'VMs that run can be given more processors, memory and disk.',
  }),
  network_modes: Type.Array(Type.String(), { description: 'What `network.mode` may be.' }),
};

export const DriverStatus = component(
  'DriverStatus',
  {
    kind: Type.String({ description: 'What `driver` of a new VM may be.' }),
    version: Type.String({ description: 'Of the program behind it; empty where it cannot be used.' }),
    why_not: nullableString({ description: 'Why no VM can be started by it now; null where VMs can.' }),
    ...driverFields,
  },
  { description: 'One of the drivers of this host, as it is now.', examples: [...EXAMPLE_DRIVERS] },
);
export type DriverStatus = Static<typeof DriverStatus>;

export const Capabilities = component(
  'Capabilities',
  {
    version: Type.String({ description: "The server's version." }),
    driver: Type.String({
      description: 'What runs VMs that ask for nothing else. What stands beside it is said of this one.',
    }),
    drivers: Type.Array(DriverStatus, { description: 'All that there are, this one first.' }),
    ...driverFields,
    why_no_bridges: nullableString({
      description: 'Why VMs cannot be joined to networks on this host, and what to do; null where they can.',
    }),
    why_no_migration: nullableString({ description: 'Why no VM can go to another host; null where they can.' }),
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
        drivers: [...EXAMPLE_DRIVERS],
        supports_pause: true,
        supports_console: true,
        supports_snapshots: true,
        supports_live_resize: true,
        network_modes: ['user', 'none'],
        why_no_bridges: 'Networks need a server that runs as root: it has no right to make network namespaces.',
        why_no_migration: 'This server has only one host: there is no other to migrate to.',
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
