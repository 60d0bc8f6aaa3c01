import { CONDITION_TYPES, DEPLOYMENT_PHASES, type Deployment as DeploymentDto, LIMITS } from '@volary/contract';
import { describe, expect, it } from 'vitest';
import * as deployments from '../../../domain/deployment/deployment.ts';
import { DEPLOYMENT_LIMITS } from '../../../domain/deployment/strategy.ts';
import type { Nothing, Places, Unfilled } from './mapping.test-kit.ts';

const DEPLOYMENT = {
  id: ['id'],
  name: ['name'],
  owner: ['owner'],
  description: ['description'],
  labels: ['labels'],
  replicas: ['replicas'],
  strategy: ['strategy'],
  autoscaling: ['autoscaling'],
  isPaused: ['is_paused'],
  isDeleting: ['phase'],
  target: ['target_revision'],
  stable: ['stable_revision'],
  rollout: ['rollout'],
  backoffs: ['failures'],
  status: [
    ...(['phase', 'observed_generation', 'current_replicas', 'updated_replicas', 'ready_replicas'] as const),
    ...(['available_replicas', 'leaving_replicas', 'vms', 'conditions'] as const),
  ],
  generation: ['generation'],
  revision: { inside: 'rises with each look; nobody can ask for a change by it' },
  createdAt: ['created_at'],
  updatedAt: ['updated_at'],
} as const satisfies Places<deployments.Deployment, DeploymentDto>;

const unfilled: readonly Nothing<Unfilled<DeploymentDto, typeof DEPLOYMENT>>[] = [];

describe('deployments and /v1', () => {
  it('have a place for each other’s fields', () => {
    expect(unfilled).toEqual([]);
  });

  it('have the same words and bounds', () => {
    expect([...DEPLOYMENT_PHASES]).toEqual([...deployments.DEPLOYMENT_PHASES]);
    expect([...CONDITION_TYPES]).toEqual([...deployments.CONDITION_TYPES]);
    expect(LIMITS.deployments.replicas).toEqual(DEPLOYMENT_LIMITS.replicas);
    expect(LIMITS.deployments.minReadySeconds).toEqual(DEPLOYMENT_LIMITS.minReadySeconds);
    expect(LIMITS.deployments.progressDeadlineSeconds).toEqual(DEPLOYMENT_LIMITS.progressDeadlineSeconds);
  });
});
