/** What is told of how a deployment is. */
import { Type } from 'typebox';
import { component, nullableString, stringEnum, timestamp } from './schema.ts';

export const CONDITION_TYPES = [
  'available',
  'progressing',
  'replica_failure',
  'crash_looping',
  'scaling_limited',
] as const;

export const DeploymentCondition = component(
  'DeploymentCondition',
  {
    type: stringEnum(CONDITION_TYPES, {
      description:
        '`available`: as few are missing as the strategy allows; `progressing`: a rollout comes further, or has come to its end; `replica_failure`: replicas could not be made; `crash_looping`: replicas fail again and again; `scaling_limited`, where it scales by itself: more are wanted than a quota or the host lets it have.',
    }),
    status: Type.Boolean({ description: 'Whether it holds.' }),
    reason: Type.String({ description: 'Stable, one word.' }),
    message: Type.String({ description: 'For people.' }),
    since: timestamp('When it last came to hold, or not to.'),
  },
  {
    description: 'Something that was measured.',
    examples: [
      {
        type: 'available',
        status: true,
        reason: 'enough_available',
        message: '3 of 3 replicas are available; at least 3 have to be.',
        since: '2026-01-31T12:00:00.000Z',
      },
    ],
  },
);

export const DeploymentRollout = component(
  'DeploymentRollout',
  {
    state: stringEnum(['progressing', 'complete', 'stopped'], {
      description: '`stopped`: it made no progress; the previous revision stays.',
    }),
    started_at: timestamp('When it began.'),
    progressed_at: timestamp('When it last came further.'),
    message: nullableString({ description: 'Why it was stopped; else null.' }),
  },
  {
    description: 'The last rollout.',
    examples: [
      {
        state: 'complete',
        started_at: '2026-01-31T12:00:00.000Z',
        progressed_at: '2026-01-31T12:00:09.000Z',
        message: null,
      },
    ],
  },
);

export const DeploymentFailure = component(
  'DeploymentFailure',
  {
    index: Type.Integer({ minimum: 1, description: 'Number of the replica.' }),
    failures: Type.Integer({ minimum: 1, description: 'In a row.' }),
    retry_at: timestamp('When the next one may be made.'),
    message: Type.String({ description: 'Why the last one was replaced.' }),
  },
  {
    description: 'A replica that was replaced because it failed, and has not kept well for a minute since.',
    examples: [{ index: 2, failures: 1, retry_at: '2026-01-31T12:00:09.000Z', message: 'The VMM died.' }],
  },
);
