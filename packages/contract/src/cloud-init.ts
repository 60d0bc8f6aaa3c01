import { type Static, Type } from 'typebox';
import { LIMITS } from './limits.ts';
import { component, nullable, nullableString } from './schema.ts';

const MAX_LENGTH = LIMITS.cloudInitBytes;

function text(description: string) {
  return Type.Optional(nullableString({ maxLength: MAX_LENGTH, description }));
}

export const CloudInitRequest = component(
  'CloudInitRequest',
  {
    user_data: text(
      `What is to be done in the guest, as cloud-init takes it: a \`#cloud-config\`, a script that begins with \`#!\`, or any other of its kinds; at most ${MAX_LENGTH} bytes.`,
    ),
    meta_data: text(
      `A YAML mapping of what the guest is told of itself besides; where it names \`instance-id\` or \`local-hostname\`, it counts. At most ${MAX_LENGTH} bytes.`,
    ),
    network_config: text(
      `A network configuration of version 1 or 2, in YAML, in place of the one that fits the VM's network; at most ${MAX_LENGTH} bytes.`,
    ),
  },
  {
    description: 'What cloud-init does when the guest first boots. It is shown to whoever may read the VM.',
    examples: [{ user_data: '#cloud-config\nusers:\n  - name: ada\n' }],
  },
);
export type CloudInitRequest = Static<typeof CloudInitRequest>;

export const CloudInit = component(
  'CloudInit',
  {
    user_data: nullableString({ description: 'What is to be done in the guest.' }),
    meta_data: nullableString({ description: 'What the guest is told of itself, besides.' }),
    network_config: nullableString({ description: "In place of the configuration that fits the VM's network." }),
  },
  {
    description: 'What cloud-init was given.',
    examples: [{ user_data: '#cloud-config\nusers:\n  - name: ada\n', meta_data: null, network_config: null }],
  },
);
export type CloudInit = Static<typeof CloudInit>;

/** In requests that make a VM, or what one is made from. */
export const cloudInitField = { cloud_init: Type.Optional(nullable(CloudInitRequest)) };
