import { Type } from 'typebox';
import { DeploymentId, EXAMPLE_IDS } from './ids.ts';
import { component } from './schema.ts';

export const VmReplica = component(
  'VmReplica',
  {
    id: Type.String({ ...DeploymentId, description: 'Id of the deployment.' }),
    index: Type.Integer({ minimum: 1, description: 'Its number, with which its name ends.' }),
    revision: Type.Integer({
      minimum: 1,
      description: 'Number of the revision of the deployment that it was made from.',
    }),
  },
  {
    description: 'The deployment that keeps a VM alive, and which of its replicas it is.',
    examples: [{ id: EXAMPLE_IDS.deployment, index: 1, revision: 1 }],
  },
);
