import type { Deployment, DeploymentPhase, DeploymentRevision } from '../../../domain/deployment/deployment.ts';
import { toMoment } from '../moments.ts';
import type {
  DeploymentDetail,
  Deployment as DeploymentShown,
  PHASES,
  ScaledDeployment,
} from './deployment-schemas.ts';

/** Does not compile until each phase is shown as something. */
const SHOWN: Readonly<Record<DeploymentPhase, (typeof PHASES)[number]>> = {
  pending: 'pending',
  scaling: 'scaling',
  // VMs come and go.
  updating: 'scaling',
  running: 'running',
  degraded: 'degraded',
  failed: 'failed',
  deleting: 'scaling',
};

/** A deployment with what its VMs are made from. */
export interface SeenDeployment {
  readonly deployment: Deployment;
  /** The newest. */
  readonly revision: DeploymentRevision | null;
}

export function toDeployment(seen: SeenDeployment): DeploymentShown {
  return { ...common(seen), created_at: toMoment(seen.deployment.createdAt) };
}

export function toDeploymentDetail(seen: SeenDeployment): DeploymentDetail {
  const { isDeleting, status } = seen.deployment;
  return {
    ...toDeployment(seen),
    status: {
      phase: SHOWN[isDeleting ? 'deleting' : status.phase],
      conditions: status.conditions.map(({ type, isTrue, since, reason, message }) => ({
        type,
        status: isTrue ? 'true' : 'false',
        last_update: toMoment(since),
        reason,
        message,
      })),
    },
  };
}

export function toScaledDeployment(seen: SeenDeployment): ScaledDeployment {
  const { replicas, status } = seen.deployment;
  return { ...common(seen), scaling: status.ready !== replicas || status.leaving > 0 };
}

function common({
  deployment: { name, replicas, status },
  revision,
}: SeenDeployment): Omit<DeploymentShown, 'created_at'> {
  const plugin = revision?.content.spec.template?.name ?? null;
  return { name, plugin, replicas, ready_replicas: status.ready, vms: [...status.vms] };
}
