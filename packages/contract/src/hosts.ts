import { type Static, Type } from 'typebox';
import { EXAMPLE_IDS, HostId } from './ids.ts';
import { component, object, pageOf, stringEnum, timestamp } from './schema.ts';

export const Accelerator = component(
  'Accelerator',
  {
    kind: stringEnum(['kvm', 'tcg', 'none'], {
      description: '`kvm`: hardware; `tcg`: emulation; `none`: not a machine of its own.',
    }),
    explanation: Type.String({ description: 'Why this one, as a sentence.' }),
    probed_at: timestamp('When it was found out.'),
  },
  {
    description: "What runs the guests' instructions, and why.",
    examples: [{ kind: 'kvm', explanation: 'A probe guest booted with it.', probed_at: '2026-01-31T11:00:00.000Z' }],
  },
);

const EXAMPLE_HOST = {
  id: EXAMPLE_IDS.host,
  name: 'box',
  driver: 'qemu',
  driver_version: '7.2.15',
  accelerator: { kind: 'kvm', explanation: 'A probe guest booted with it.', probed_at: '2026-01-31T11:00:00.000Z' },
  cpus: 8,
  memory_mib: 32_000,
  memory_available_mib: 24_000,
  memory_promised_mib: 256,
  disk_gib: 500,
  disk_available_gib: 400,
  disk_promised_gib: 8,
  vm_count: 1,
  boot_id: '6c1b6c1e-7f3f-4c55-9f0e-0a5d5c1f2b11',
  kernel_version: '6.1.0-28-amd64',
} as const;

export const Host = component(
  'Host',
  {
    id: HostId,
    name: Type.String({ description: 'Its host name.' }),
    driver: Type.String({ description: 'What runs its VMs.' }),
    driver_version: Type.String({ description: "The driver's own version; empty where it is not installed." }),
    accelerator: Accelerator,
    cpus: Type.Integer({ minimum: 0, description: 'Logical CPUs.' }),
    memory_mib: Type.Integer({ minimum: 0, description: 'Memory, MiB.' }),
    memory_available_mib: Type.Integer({ minimum: 0, description: 'What could be used now without swapping, MiB.' }),
    memory_promised_mib: Type.Integer({ minimum: 0, description: 'What its VMs together may use, MiB.' }),
    disk_gib: Type.Integer({ minimum: 0, description: 'Disk that holds VMs, GiB.' }),
    disk_available_gib: Type.Integer({ minimum: 0, description: 'Free on it now, GiB.' }),
    disk_promised_gib: Type.Integer({ minimum: 0, description: 'Virtual sizes of all disks together, GiB.' }),
    vm_count: Type.Integer({ minimum: 0, description: 'VMs on it, running or not.' }),
    boot_id: Type.String({ description: 'Changes when it is rebooted.' }),
    kernel_version: Type.String({ description: 'Its own kernel.' }),
  },
  { description: 'A machine that runs VMs.', examples: [EXAMPLE_HOST] },
);
export type Host = Static<typeof Host>;

export const HostPage = pageOf('HostPage', Host, EXAMPLE_HOST);
export type HostPage = Static<typeof HostPage>;

export const HostRefParams = object(
  { ref: Type.String({ minLength: 1, maxLength: 255, description: 'Id or name of a host.', examples: ['box'] }) },
  { description: 'A host.' },
);
