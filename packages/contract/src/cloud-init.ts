import { type Static, Type } from 'typebox';
import { EXAMPLE_IDS } from './ids.ts';
import { LIMITS } from './limits.ts';
import { component, nullable, nullableString, nullableTimestamp, stringEnum } from './schema.ts';

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

export const CLOUD_INIT_STATES = ['pending', 'running', 'done', 'degraded', 'error'] as const;

export const CloudInitStatus = component(
  'CloudInitStatus',
  {
    state: stringEnum(CLOUD_INIT_STATES, {
      description:
        '`pending`: not begun in this life of the VM. Over are `done`, `degraded` (some of what was asked for is not possible there, and was left out) and `error` (some of it failed, or all).',
    }),
    execution_id: nullableString({ description: 'The execution that it is: what it prints is the output of that.' }),
    errors: Type.Array(Type.String(), { description: 'What failed or was left out, as cloud-init tells it.' }),
    completed_at: nullableTimestamp('When it was over; else null.'),
  },
  {
    description: 'How far cloud-init is, in the present life of a VM.',
    examples: [
      {
        state: 'degraded',
        execution_id: EXAMPLE_IDS.execution,
        errors: ['ntp does nothing: its clock is set by its host'],
        completed_at: '2026-01-31T12:00:29.000Z',
      },
    ],
  },
);
export type CloudInitStatus = Static<typeof CloudInitStatus>;

/** In requests that make a VM, or what one is made from. */
export const cloudInitField = { cloud_init: Type.Optional(nullable(CloudInitRequest)) };
