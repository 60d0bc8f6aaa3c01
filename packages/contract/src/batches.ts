import { type Static, Type } from 'typebox';
import { VmRef } from './ids.ts';
import { LIMITS } from './limits.ts';
import { component, stringEnum } from './schema.ts';

export const BATCH_ACTIONS = ['start', 'stop', 'restart', 'pause', 'resume', 'suspend', 'delete'] as const;

export const BatchItemRequest = component(
  'BatchItemRequest',
  {
    action: stringEnum(BATCH_ACTIONS, { description: 'What is asked of it.' }),
    vm: VmRef,
    grace_ms: Type.Optional(
      Type.Integer({
        minimum: LIMITS.graceMs.minimum,
        maximum: LIMITS.graceMs.maximum,
        description: 'Of `stop` and `restart`: how long the guest may take to shut down. Default: 30000.',
      }),
    ),
  },
  { description: 'What is asked of one VM.', examples: [{ action: 'stop', vm: 'first', grace_ms: 10_000 }] },
);
export type BatchItemRequest = Static<typeof BatchItemRequest>;

export const BatchRequest = component(
  'BatchRequest',
  {
    items: Type.Array(BatchItemRequest, { minItems: 1, maxItems: 500, description: 'In the order they are begun.' }),
    concurrency: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 32,
        description:
          'How many are under way at the same time; 1: in order, each when the one before has ended. Default: 8.',
      }),
    ),
    stop_on_error: Type.Optional(
      Type.Boolean({ description: 'Begin no more when one has failed; the rest is `skipped`. Default: false.' }),
    ),
  },
  {
    description: 'Something to be done to many VMs.',
    examples: [
      {
        items: [
          { action: 'restart', vm: 'first' },
          { action: 'delete', vm: 'second' },
        ],
        concurrency: 1,
        stop_on_error: true,
      },
    ],
  },
);
export type BatchRequest = Static<typeof BatchRequest>;
