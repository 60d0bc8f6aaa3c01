/**
 * Sets how many replicas there are to be, by how busy they are. What is measured is what the monitor of each takes of the host's processors,
 * or what its guest uses of its memory; what one look says is steadied by what others have said, so that a load that stays as it is changes
 * the number one way at most. Each server begins to look anew.
 */
import { type Recommendation, steady, wantedFor } from '../../domain/deployment/autoscaling.ts';
import type { Deployment, ReplicaContent } from '../../domain/deployment/deployment.ts';
import { isReady, type ReplicaVm } from '../../domain/deployment/replica.ts';
import type { Refusal } from '../../domain/deployment/status.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { DeploymentId, VmId } from '../../domain/ids.ts';
import { SYSTEM } from '../../domain/principal/principal.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { announceDeployment, type DeploymentDeps } from '../operations/create-deployment.ts';
import { everyDeployment } from '../queries/every-deployment.ts';
import { makingRoom } from '../scheduler/make-room.ts';
import { askStats } from '../sessions/ask-stats.ts';
import type { GuestLinks } from '../sessions/guest-links.ts';
import { admitReplicas } from './admit-replicas.ts';
import { deploymentEvent, doneToDeployment } from './deployment-events.ts';
import type { ReplicaWatch } from './replica-watch.ts';

type ScalerDeps = DeploymentDeps &
  Pick<EngineDeps, 'log'> & { readonly links: Pick<GuestLinks, 'peek'>; readonly watch: ReplicaWatch };

/** Replicas that are asked at once at most. */
const MOST_AT_ONCE = 100;

interface CpuSample {
  readonly atMs: number;
  readonly cpuMs: number;
}

export interface Autoscaler {
  /** Looks at all deployments that scale by themselves. To be called every few seconds. */
  look(signal: AbortSignal): Promise<void>;
}

export function createAutoscaler(deps: ScalerDeps): Autoscaler {
  const { store, clock } = deps;
  const past = new Map<DeploymentId, readonly Recommendation[]>();
  const samples = new Map<VmId, CpuSample>();

  async function lookAt(deployment: Deployment, signal: AbortSignal): Promise<void> {
    const { id, autoscaling, replicas, target } = deployment;
    if (autoscaling === null) return;
    const revision = await store.deployments.getRevision(id, target);
    if (revision === null) return;
    const ready = (await store.deployments.listReplicas(id)).filter(isReady);
    const percentOf = (vm: ReplicaVm): Promise<number | null> =>
      autoscaling.metric === 'cpu'
        ? cpuPercent(deps, samples, { vm, content: revision.content, signal })
        : memoryPercent(deps, vm, signal);
    const percents: number[] = [];
    // Together, so that those that do not answer keep the others waiting once, and not once each.
    for (let at = 0; at < ready.length; at += MOST_AT_ONCE) {
      const told = await Promise.all(ready.slice(at, at + MOST_AT_ONCE).map(percentOf));
      percents.push(...told.filter((percent) => percent !== null));
    }
    const nowMs = clock.monotonicMs();
    const longestMs = Math.max(autoscaling.scaleUpSeconds, autoscaling.scaleDownSeconds) * 1_000;
    const known = past.get(id) ?? [];
    // One from before is kept: it tells that somebody has looked for so long.
    const from = known.findLastIndex(({ atMs }) => atMs <= nowMs - longestMs);
    const wanted = { atMs: nowMs, replicas: wantedFor(autoscaling, replicas, percents) };
    const all = [...known.slice(Math.max(0, from)), wanted];
    past.set(id, all);
    const next = steady(autoscaling, replicas, all, nowMs);
    if (next !== replicas) await scaleTowards(deps, deployment, { to: next, spec: revision.content.spec, percents });
    else if (wanted.replicas <= replicas) noteLimit(deps, deployment, null);
  }

  return {
    async look(signal) {
      const startedMs = clock.monotonicMs();
      const seen = new Set<DeploymentId>();
      for await (const deployment of everyDeployment(store)) {
        const { id, autoscaling, isDeleting, replicas } = deployment;
        if (autoscaling === null || isDeleting || replicas === 0 || signal.aborted) continue;
        seen.add(id);
        await lookAt(deployment, signal).catch((error: unknown) => {
          if (!signal.aborted) deps.log.warn('a deployment could not be scaled', { deploymentId: id, error });
        });
      }
      for (const id of past.keys()) if (!seen.has(id)) past.delete(id);
      forgetOlder(samples, startedMs);
    },
  };
}

/** Of machines that were not looked at any more. */
function forgetOlder(samples: Map<VmId, CpuSample>, sinceMs: number): void {
  for (const [vmId, { atMs }] of samples) if (atMs < sinceMs) samples.delete(vmId);
}

/** Percent of its processors since the last look; null for the first of a machine. */
async function cpuPercent(
  { drivers, clock }: ScalerDeps,
  samples: Map<VmId, CpuSample>,
  { vm, content, signal }: { readonly vm: ReplicaVm; readonly content: ReplicaContent; readonly signal: AbortSignal },
): Promise<number | null> {
  const use = await drivers.of(content).measureMachine(vm.id, { signal });
  if (use === null) {
    samples.delete(vm.id);
    return null;
  }
  const now = { atMs: clock.monotonicMs(), cpuMs: use.cpuMs };
  const before = samples.get(vm.id);
  samples.set(vm.id, now);
  if (before === undefined || now.cpuMs < before.cpuMs) return null;
  const percent = (100 * (now.cpuMs - before.cpuMs)) / Math.max(1, now.atMs - before.atMs) / content.spec.vcpuCount;
  return Math.min(100, percent);
}

/** Percent of its guest's memory; null where nobody tells. */
async function memoryPercent(
  { links, clock }: ScalerDeps,
  { id }: ReplicaVm,
  signal: AbortSignal,
): Promise<number | null> {
  const link = links.peek(id);
  if (link === null) return null;
  try {
    const { memoryBytes: memory } = await askStats(clock, link, signal);
    return memory && (100 * (memory.total - memory.available)) / Math.max(1, memory.total);
  } catch (error) {
    // One that does not answer is not ready for long.
    if (error instanceof VolaryError && !signal.aborted) return null;
    throw error;
  }
}

interface Scaling {
  readonly to: number;
  readonly spec: VmSpec;
  readonly percents: readonly number[];
}

/** Where there is no room for all one more is made, so that as many are made as there is room for. */
async function scaleTowards(deps: ScalerDeps, deployment: Deployment, scaling: Scaling): Promise<void> {
  const refusal = await scaleUnlessRefused(deps, deployment, scaling);
  const why = refusal && { ...refusal, message: `${scaling.to} replicas are wanted: ${refusal.message}` };
  noteLimit(deps, deployment, why);
  const oneMore = deployment.replicas + 1;
  if (refusal !== null && oneMore < scaling.to) await scaleUnlessRefused(deps, deployment, { ...scaling, to: oneMore });
}

/** Answers why there is no room for as many; null when there is. */
async function scaleUnlessRefused(deps: ScalerDeps, deployment: Deployment, scaling: Scaling): Promise<Refusal | null> {
  try {
    await scale(deps, deployment, scaling);
    return null;
  } catch (error) {
    if (!(error instanceof VolaryError) || error.code !== 'resource_exhausted') throw error;
    return { reason: error.reason, message: error.message };
  }
}

/** Has it shown, if it is something else than before. */
function noteLimit({ watch, queue, log }: ScalerDeps, { id }: Deployment, limit: Refusal | null): void {
  if (!watch.noteLimit(id, limit)) return;
  if (limit !== null) log.warn('a deployment cannot scale as it would', { deploymentId: id, ...limit });
  queue.enqueue(`deployment:${id}`);
}

async function scale(
  deps: ScalerDeps,
  { id, replicas: from, generation }: Deployment,
  { to, spec, percents }: Scaling,
): Promise<void> {
  const average = percents.reduce((sum, percent) => sum + percent, 0) / Math.max(1, percents.length);
  const data = { from, to, cause: 'autoscaling', average_percent: Math.round(average) };
  const scaled = await makingRoom(deps, (facts) =>
    deps.store.transaction(async (tables) => {
      const before = await tables.deployments.get(id);
      // Somebody has asked for something else meanwhile.
      if (before === null || before.generation !== generation || before.isDeleting) return null;
      const now = deps.clock.now();
      const after: Deployment = {
        ...before,
        ...{ replicas: to, generation: before.generation + 1, revision: before.revision + 1, updatedAt: now },
      };
      await admitReplicas(tables, { owner: before.owner, spec, count: to - from }, facts, deps.config.limits);
      await tables.deployments.update(after);
      await tables.events.append([deploymentEvent('deployment.scaled', after, now, data)]);
      await recordAudit(tables, deps.clock, SYSTEM, doneToDeployment('deployment.update', after, data));
      return after;
    }),
  );
  if (scaled !== null) announceDeployment(deps, scaled);
}
