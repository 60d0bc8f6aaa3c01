/**
 * What keeps the engine going: at its start it finds everything that is unfinished, and from then on timers look at
 * everything by themselves, since hints may be lost.
 */
import { parseId } from '../../domain/ids.ts';
import type { Ages } from '../ages.ts';
import type { Refusals } from '../audit/refusals.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import type { Expiries } from '../expiry/expiry.ts';
import type { HealthWatch } from '../health/health-watch.ts';
import { dropOldKeys } from '../idempotency/claims.ts';
import type { Identity } from '../identity/create-identity.ts';
import { everyVm } from '../queries/every-vm.ts';
import type { SecretDelivery } from '../secrets/delivery.ts';
import type { Executions } from '../sessions/executions.ts';
import type { GuestLinks } from '../sessions/guest-links.ts';
import type { SnapshotKeeper } from '../snapshots/snapshot-keeper.ts';
import type { IdleWatch } from '../suspend/idle-watch.ts';
import type { Pruner } from '../system/pruner.ts';
import type { SparePool } from '../warm/spare-pool.ts';
import type { WarmStarts } from '../warm/warm-starts.ts';
import { dropOldDeliveries, runDeliverer } from '../webhooks/deliverer.ts';
import type { WorkloadKeeper } from '../workloads/workload-keeper.ts';
import type { Builds } from './builds.ts';
import type { DiskSpace } from './disk-space.ts';
import { checkHealth } from './health.ts';
import { createReaper } from './orphans.ts';
import { dropOld } from './retention.ts';
import type { VmReconciler } from './vm-reconciler.ts';

type SupervisorDeps = EngineDeps & {
  readonly config: EngineConfig;
  readonly ages: Ages;
  readonly reconciler: VmReconciler;
  readonly builds: Builds;
  readonly toolBuilds: Builds;
  readonly templateBuilds: Builds;
  readonly installations: Builds;
  readonly snapshots: SnapshotKeeper;
  readonly pruner: Pruner;
  readonly links: GuestLinks;
  readonly secrets: SecretDelivery;
  readonly executions: Executions;
  readonly workloads: Pick<WorkloadKeeper, 'resumeAll'>;
  readonly healthWatch: Pick<HealthWatch, 'stop'>;
  readonly diskSpace: DiskSpace;
  readonly warm: WarmStarts;
  readonly pool: SparePool;
  readonly idle: IdleWatch;
  readonly expiries: Expiries;
  readonly identity: Pick<Identity, 'look'>;
  readonly refusals: Refusals;
};

export interface Supervisor {
  /** Resolves when everything that was found has been put to work. */
  start(): Promise<void>;
  /** Begins no new work, lets go of guests and commands, and resolves when nothing is under way. VMs run on. */
  stop(): Promise<void>;
}

/** VMs worked on at the same time: steps mostly wait for a machine. */
const CONCURRENCY = 32;

export function createSupervisor(deps: SupervisorDeps): Supervisor {
  const { store, queue, driver, clock, log, config } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  const reaper = createReaper(deps);
  let running: readonly Promise<void>[] = [];

  async function work(key: string, context: { readonly signal: AbortSignal }): Promise<void> {
    const vmId = key.startsWith('vm:') ? parseId('vm', key.slice(3)) : null;
    if (vmId !== null) return await deps.reconciler.reconcile(vmId, context);
    const operationId = key.startsWith('image:') ? parseId('op', key.slice(6)) : null;
    if (operationId !== null) return await deps.builds.run(operationId, context);
    const toolId = key.startsWith('tool:') ? parseId('op', key.slice(5)) : null;
    if (toolId !== null) return await deps.toolBuilds.run(toolId, context);
    const templateId = key.startsWith('warm_template:') ? parseId('op', key.slice(14)) : null;
    if (templateId !== null) return await deps.templateBuilds.run(templateId, context);
    const installId = key.startsWith('template:') ? parseId('op', key.slice(9)) : null;
    if (installId !== null) return await deps.installations.run(installId, context);
    const pruneId = key.startsWith('prune:') ? parseId('op', key.slice(6)) : null;
    if (pruneId !== null) return await deps.pruner.run(pruneId, context);
    const snapshotId = key.startsWith('snapshot:') ? parseId('snap', key.slice(9)) : null;
    if (snapshotId !== null) await deps.snapshots.run(snapshotId, context);
  }

  async function enqueueAll(): Promise<void> {
    for await (const vm of everyVm(store)) queue.enqueue(`vm:${vm.id}`);
    for (const { id, subject } of await store.operations.listActive()) {
      if (subject.kind === 'image') queue.enqueue(`image:${id}`);
      if (subject.kind === 'tool') queue.enqueue(`tool:${id}`);
      if (subject.kind === 'warm_template') queue.enqueue(`warm_template:${id}`);
      if (subject.kind === 'template') queue.enqueue(`template:${id}`);
      if (subject.kind === 'system') queue.enqueue(`prune:${id}`);
    }
    for (const { id } of await store.snapshots.listUnsettled()) queue.enqueue(`snapshot:${id}`);
  }

  async function forwardHints(): Promise<void> {
    for await (const vmId of driver.watch({ signal })) queue.enqueue(`vm:${vmId}`);
  }

  /** Does something again and again; a fault is told and does not end it. */
  async function every(
    intervalMs: number,
    name: string,
    action: () => Promise<void>,
    { isAtOnce = false } = {},
  ): Promise<void> {
    for (let isFirst = isAtOnce; !signal.aborted; isFirst = false) {
      try {
        if (!isFirst) await clock.sleep(intervalMs, { signal });
        await action();
      } catch (error) {
        if (!signal.aborted) log.error('a periodic look failed', { look: name, error });
      }
    }
  }

  return {
    async start() {
      await enqueueAll();
      await deps.executions.resumeAll();
      await deps.workloads.resumeAll();
      running = [
        queue.run(work, { concurrency: CONCURRENCY, signal }),
        forwardHints().catch((error: unknown) => {
          if (!signal.aborted) log.error('the driver tells of no more changes', { error });
        }),
        every(config.timers.sweepMs, 'sweep', enqueueAll),
        every(config.timers.sweepMs, 'orphans', () => reaper.look(signal), { isAtOnce: true }),
        every(config.timers.sweepMs, 'idempotency keys', () => dropOldKeys(deps)),
        every(config.timers.pingMs, 'disk space', deps.diskSpace.look, { isAtOnce: true }),
        every(config.timers.retentionMs, 'retention', () => dropOld(deps, signal), { isAtOnce: true }),
        every(config.timers.retentionMs, 'identity', deps.identity.look),
        every(config.timers.sweepMs, 'webhook deliveries', () => dropOldDeliveries(deps)),
        runDeliverer(deps, { signal }),
        deps.refusals.run({ signal }),
        deps.warm.run({ signal }),
        deps.pool.run({ signal }),
        every(config.timers.idleMs, 'idle VMs', () => deps.idle.look(signal)),
        every(config.timers.expiryMs, 'expiries', deps.expiries.look, { isAtOnce: true }),
        every(config.timers.pingMs, 'health', () => checkHealth(deps, signal)),
      ];
    },
    async stop() {
      stopping.abort(new DOMException('the server is stopping', 'AbortError'));
      const detached = deps.executions.detachAll();
      // A command that says nothing is let go of only with its link: whoever reads its output would wait for ever.
      await deps.links[Symbol.asyncDispose]();
      await detached;
      await deps.healthWatch.stop();
      await Promise.all(running);
      await deps.links[Symbol.asyncDispose]();
    },
  };
}
