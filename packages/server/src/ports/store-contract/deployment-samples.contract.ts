import type { Deployment, DeploymentRevision } from '../../domain/deployment/deployment.ts';
import { DEFAULT_STRATEGY } from '../../domain/deployment/strategy.ts';
import { VM_DEFAULTS } from '../../domain/vm/spec.ts';
import { numberedId } from './samples.contract.ts';

const AT = 1_767_225_600_000;

/** A deployment of which nothing was made yet, with this number in its id and name. */
export function sampleDeployment(number: number, change: Partial<Deployment> = {}): Deployment {
  return {
    id: numberedId('dep', number),
    name: `web-${number}`,
    owner: 'admin',
    description: '',
    labels: {},
    replicas: 3,
    strategy: DEFAULT_STRATEGY,
    autoscaling: null,
    isPaused: false,
    isDeleting: false,
    target: 1,
    stable: 0,
    rollout: { state: 'progressing', startedAt: AT, progressedAt: AT, message: null },
    backoffs: [],
    status: {
      phase: 'pending',
      observedGeneration: 0,
      ...{ replicas: 0, updated: 0, ready: 0, available: 0, leaving: 0 },
      vms: [],
      conditions: [],
    },
    generation: 1,
    revision: 1,
    createdAt: AT,
    updatedAt: AT,
    ...change,
  };
}

/** A revision of it, with this number. */
export function sampleDeploymentRevision(
  { id }: Pick<Deployment, 'id'>,
  number: number,
  change: Partial<DeploymentRevision['content']> = {},
): DeploymentRevision {
  return {
    deploymentId: id,
    number,
    at: AT,
    author: 'admin',
    cause: { kind: 'created' },
    content: {
      asked: { template: null, driver: null, spec: {}, tools: [], labels: {} },
      driver: 'simulated',
      spec: { ...VM_DEFAULTS, network: { mode: 'user', egress: 'deny' } },
      labels: {},
      metadata: {},
      secrets: [],
      warmStart: 'auto',
      ...change,
    },
  };
}
