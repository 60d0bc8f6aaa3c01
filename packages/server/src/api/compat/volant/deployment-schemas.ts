import { component, object, stringEnum, VmName } from '@volary/contract';
import { type Static, Type } from 'typebox';
import { EXAMPLE_MOMENT, MadeFrom, moment, Name, PluginName } from './schemas.ts';

const EXAMPLE = {
  ...{ name: 'api', plugin: 'user-api', replicas: 3, ready_replicas: 3, vms: ['api-1', 'api-2', 'api-3'] },
  created_at: EXAMPLE_MOMENT,
};
const EXAMPLE_CONDITION = { type: 'available', status: 'true', last_update: '2025-01-15T10:05:00Z' };

/** Whether there may be so many, the engine tells. */
const Replicas = Type.Integer({ description: 'How many are wanted: 0 to 5000.', examples: [3] });

const common = {
  name: VmName,
  plugin: MadeFrom,
  replicas: Replicas,
  ready_replicas: Type.Integer({ minimum: 0, description: 'How many of them run and are well.' }),
  vms: Type.Array(VmName, { description: 'Names of its VMs, by their numbers.' }),
};

const created_at = moment('When it was asked for.');

export const Deployment = component(
  'Deployment',
  { ...common, created_at },
  { description: 'So many VMs of one plugin, kept alive.', examples: [EXAMPLE] },
);
export type Deployment = Static<typeof Deployment>;
export const DeploymentList = Type.Array(Deployment, {
  description: 'In the order they were made.',
  examples: [[EXAMPLE]],
});

export const PHASES = ['pending', 'running', 'scaling', 'degraded', 'failed'] as const;

export const DeploymentDetail = component(
  'DeploymentDetail',
  {
    ...common,
    created_at,
    status: object(
      {
        phase: stringEnum(PHASES, {
          description:
            '`scaling`: VMs are made, replaced or removed; `degraded`: some are missing because they fail; `failed`: all are.',
        }),
        conditions: Type.Array(
          object(
            {
              type: Type.String({
                description:
                  'What of: `available`, `progressing`, `replica_failure`, `crash_looping`, `scaling_limited`.',
              }),
              status: stringEnum(['true', 'false'], { description: 'Whether it is so.' }),
              last_update: moment('Since when.'),
              reason: Type.String({ description: 'Why, in a word.' }),
              message: Type.String({ description: 'Why, for people.' }),
            },
            { description: 'What is so of it, and since when.' },
          ),
          { description: 'As they were seen last.' },
        ),
      },
      { description: 'How it is.' },
    ),
  },
  {
    description: 'A deployment, and how it is.',
    examples: [
      {
        ...EXAMPLE,
        status: {
          phase: 'running',
          conditions: [
            {
              ...EXAMPLE_CONDITION,
              reason: 'enough_available',
              message: '3 of 3 replicas are available; at least 3 have to be.',
            },
          ],
        },
      },
    ],
  },
);
export type DeploymentDetail = Static<typeof DeploymentDetail>;

export const ScaledDeployment = component(
  'ScaledDeployment',
  {
    ...common,
    scaling: Type.Boolean({
      description: 'Whether there are fewer that are well than are wanted, or VMs are being removed.',
    }),
  },
  {
    description: 'A deployment that is to have another number of VMs.',
    examples: [
      {
        name: 'api',
        plugin: 'user-api',
        replicas: 5,
        ready_replicas: 3,
        vms: ['api-1', 'api-2', 'api-3'],
        scaling: true,
      },
    ],
  },
);
export type ScaledDeployment = Static<typeof ScaledDeployment>;

export const CreateDeployment = component(
  'CreateDeployment',
  { name: Name, plugin: PluginName, replicas: Type.Optional(Replicas) },
  {
    description: 'A deployment that is wanted; one replica, unless it is said.',
    examples: [{ name: 'api', plugin: 'user-api', replicas: 3 }],
  },
);
export type CreateDeployment = Static<typeof CreateDeployment>;

export const ScaleDeployment = component(
  'ScaleDeployment',
  { replicas: Replicas },
  { description: 'How many are wanted.', examples: [{ replicas: 5 }] },
);
export const DeploymentParams = object({ name: Name }, { description: 'A deployment.' });
