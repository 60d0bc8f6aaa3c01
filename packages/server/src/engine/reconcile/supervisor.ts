/**
 * What keeps the engine going: at its start it finds everything that is unfinished, and from then on timers look at
 * everything by themselves, since hints may be lost.
 */
import type { Operation } from '../../domain/operation/operation.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Ages } from '../ages.ts';
import type { AlertWatch } from '../alerts/alert-watch.ts';
import type { Refusals } from '../audit/refusals.ts';
import type { BatchKeeper } from '../batches/batch-keeper.ts';
import type { CloudInitKeeper } from '../cloud-init/cloud-init-keeper.ts';
import type { Autoscaler } from '../deployments/autoscaler.ts';
import type { DeploymentKeeper } from '../deployments/deployment-keeper.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import type { Expiries } from '../expiry/expiry.ts';
import type { HealthWatch } from '../health/health-watch.ts';
import { dropOldKeys } from '../idempotency/claims.ts';
import type { Identity } from '../identity/create-identity.ts';
import { dropOldReceived } from '../integrations/drop-old-received.ts';
import type { LogIntake } from '../logs/log-intake.ts';
import { pruneLogs } from '../logs/prune-logs.ts';
import type { HostSampler } from '../metrics/host-sampler.ts';
import { pruneMetrics } from '../metrics/prune-metrics.ts';
import type { Sampler } from '../metrics/sampler.ts';
import type { NetworkKeeper } from '../networks/network-keeper.ts';
import type { SecretDelivery } from '../secrets/delivery.ts';
import type { Executions } from '../sessions/executions.ts';
import type { GuestLinks } from '../sessions/guest-links.ts';
import type { SnapshotKeeper } from '../snapshots/snapshot-keeper.ts';
import type { IdleWatch } from '../suspend/idle-watch.ts';
import type { Pruner } from '../system/pruner.ts';
import { growAllVolumes } from '../volumes/resize-volume.ts';
import type { VolumeKeeper } from '../volumes/volume-keeper.ts';
import type { SparePool } from '../warm/spare-pool.ts';
import type { WarmStarts } from '../warm/warm-starts.ts';
import { dropOldDeliveries, runDeliverer } from '../webhooks/deliverer.ts';
import type { WorkloadKeeper } from '../workloads/workload-keeper.ts';
import type { WorkspaceKeeper } from '../workspaces/workspace-keeper.ts';
import type { BuildsByKind } from './builds.ts';
import type { DiskSpace } from './disk-space.ts';
import { checkHealth } from './health.ts';
import { createReaper } from './orphans.ts';
import { paced } from './pace.ts';
import { dropOld } from './retention.ts';
import type { VmReconciler } from './vm-reconciler.ts';
import { type Workers, type WorkKind, workOn } from './work-key.ts';

type SupervisorDeps = EngineDeps & {
  readonly config: EngineConfig;
  readonly ages: Ages;
  readonly reconciler: VmReconciler;
  readonly builds: BuildsByKind;
  readonly snapshots: SnapshotKeeper;
  readonly volumes: VolumeKeeper;
  readonly pruner: Pruner;
  readonly links: GuestLinks;
  readonly secrets: SecretDelivery;
  readonly executions: Executions;
  readonly workloads: Pick<WorkloadKeeper, 'resumeAll'>;
  readonly cloudInit: Pick<CloudInitKeeper, 'stop'>;
  readonly healthWatch: Pick<HealthWatch, 'stop'>;
  readonly diskSpace: DiskSpace;
  readonly warm: WarmStarts;
  readonly pool: SparePool;
  readonly idle: IdleWatch;
  readonly expiries: Expiries;
  readonly identity: Pick<Identity, 'look'>;
  readonly refusals: Refusals;
  readonly deployments: DeploymentKeeper;
  readonly autoscaler: Autoscaler;
  readonly sampler: Sampler;
  readonly hostSampler: HostSampler;
  readonly alerts: AlertWatch;
  readonly logIntake: LogIntake;
  readonly batches: Pick<BatchKeeper, 'begin' | 'settled' | 'resumeCommands'>;
  readonly networkKeeper: Pick<NetworkKeeper, 'refresh'>;
  readonly workspaces: WorkspaceKeeper;
};

export interface Supervisor {
  /** Resolves when everything that was found has been put to work. */
  start(): Promise<void>;
  /** Begins no new work, lets go of guests and commands, and resolves when nothing is under way. VMs run on. */
  stop(): Promise<void>;
}

/** The work that an operation is by itself; null: what it changes is looked at, with or without an operation. */
const WORK_ON = {
  vm: null,
  snapshot: null,
  volume: null,
  image: 'image',
  tool: 'tool',
  warm_template: 'warm_template',
  template: 'template',
  batch: 'batch',
  system: 'prune',
} as const satisfies Record<Operation['subject']['kind'], WorkKind | null>;

/** VMs worked on at the same time: steps mostly wait for a machine. */
const CONCURRENCY = 32;

export function createSupervisor(deps: SupervisorDeps): Supervisor {
  const { store, queue, drivers, clock, log, config } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  const reaper = createReaper(deps);
  let running: readonly Promise<void>[] = [];
  let vmCount = 0;
  const unfollow: (() => void)[] = [];
  const workers: Workers = {
    vm: deps.reconciler.reconcile,
    image: deps.builds.image.run,
    tool: deps.builds.tool.run,
    warm_template: deps.builds.warm_template.run,
    template: deps.builds.template.run,
    prune: deps.pruner.run,
    batch: deps.batches.begin,
    deployment: deps.deployments.run,
    workspace: deps.workspaces.run,
    volume: deps.volumes.run,
    snapshot: deps.snapshots.run,
  };

  async function enqueueAll(): Promise<void> {
    const vmIds = await store.vms.listIds();
    vmCount = vmIds.length;
    for (const id of vmIds) queue.enqueue(`vm:${id}`);
    for (const { id, subject } of await store.operations.listActive()) {
      const kind = WORK_ON[subject.kind];
      if (kind !== null) queue.enqueue(`${kind}:${id}`);
    }
    await deps.deployments.enqueueAll();
    for (const { id } of await store.snapshots.listUnsettled()) queue.enqueue(`snapshot:${id}`);
    for (const { id } of await store.volumes.listUnsettled()) queue.enqueue(`volume:${id}`);
  }

  async function forwardHints(driver: Driver): Promise<void> {
    for await (const vmId of driver.watch({ signal })) queue.enqueue(`vm:${vmId}`);
  }

  /** Does something again and again; a fault is told and does not end it. */
  async function every(
    intervalMs: number | (() => number),
    name: string,
    action: () => Promise<void>,
    { isAtOnce = false } = {},
  ): Promise<void> {
    for (let isFirst = isAtOnce; !signal.aborted; isFirst = false) {
      try {
        if (!isFirst) await clock.sleep(typeof intervalMs === 'number' ? intervalMs : intervalMs(), { signal });
        await action();
      } catch (error) {
        if (!signal.aborted) log.error('a periodic look failed', { look: name, error });
      }
    }
  }

  return {
    async start() {
      unfollow.push(deps.deployments.follow(), deps.workspaces.follow());
      await enqueueAll();
      // Before all other executions are followed: of their own they know how to begin what a former server did not.
      await deps.workspaces.resumeAll();
      await deps.workspaces.look();
      await deps.batches.resumeCommands();
      await deps.executions.resumeAll();
      await deps.workloads.resumeAll();
      running = [
        queue.run((key, context) => workOn(workers, key, context), { concurrency: CONCURRENCY, signal }),
        ...drivers.all.map((driver) =>
          forwardHints(driver).catch((error: unknown) => {
            if (!signal.aborted) log.error('the driver tells of no more changes', { driver: driver.kind, error });
          }),
        ),
        growAllVolumes(deps, signal).catch((error: unknown) => {
          if (!signal.aborted) log.error('it cannot be seen whether volumes are as large as they are to be', { error });
        }),
        every(config.timers.sweepMs, 'networks', async () => deps.networkKeeper.refresh()),
        every(() => paced(config.timers.sweepMs, vmCount), 'sweep', enqueueAll),
        every(
          () => paced(config.timers.sweepMs, vmCount),
          'orphans',
          () => reaper.look(signal),
          { isAtOnce: true },
        ),
        every(config.timers.sweepMs, 'idempotency keys', () => dropOldKeys(deps)),
        every(config.timers.pingMs, 'disk space', deps.diskSpace.look, { isAtOnce: true }),
        every(config.timers.retentionMs, 'retention', () => dropOld(deps, signal), { isAtOnce: true }),
        every(config.timers.retentionMs, 'identity', deps.identity.look),
        every(config.timers.sweepMs, 'webhook deliveries', () => dropOldDeliveries(deps)),
        every(config.timers.sweepMs, 'deliveries of integrations', () => dropOldReceived(deps)),
        runDeliverer(deps, { signal }),
        deps.refusals.run({ signal }),
        deps.warm.run({ signal }),
        deps.pool.run({ signal }),
        every(config.timers.idleMs, 'idle VMs', () => deps.idle.look(signal)),
        every(config.timers.idleMs, 'autoscaling', () => deps.autoscaler.look(signal)),
        every(config.timers.sampleMs, 'measurements', () => deps.sampler.look(signal)),
        every(config.timers.sampleMs, 'measurements of the host', () => deps.hostSampler.look()),
        every(() => paced(config.timers.sweepMs, vmCount), 'machines without an agent', deps.sampler.findMachines),
        every(
          () => paced(config.timers.alertsMs, vmCount),
          'alerts',
          () => deps.alerts.look(signal),
        ),
        every(config.timers.retentionMs, 'old measurements', () => pruneMetrics(deps)),
        deps.logIntake.run({ signal }),
        every(config.timers.sampleMs, 'consoles', async () => deps.logIntake.lookAtConsoles()),
        every(config.timers.sweepMs, 'output of workloads', deps.logIntake.lookAtOutput),
        every(config.timers.retentionMs, 'old lines', () => pruneLogs(deps)),
        every(config.timers.retentionMs, 'sources of lines', deps.logIntake.forgetGone),
        every(config.timers.workspacesMs, 'workspaces', deps.workspaces.look),
        every(config.timers.expiryMs, 'expiries', deps.expiries.look, { isAtOnce: true }),
        every(
          () => paced(config.timers.pingMs, vmCount),
          'health',
          () => checkHealth(deps, signal),
        ),
      ];
    },
    async stop() {
      for (const stopFollowing of unfollow) stopFollowing();
      stopping.abort(new DOMException('the server is stopping', 'AbortError'));
      const workspacesStopped = deps.workspaces.stop();
      const detached = deps.executions.detachAll();
      // A command that says nothing is let go of only with its link: whoever reads its output would wait for ever.
      await deps.links[Symbol.asyncDispose]();
      await detached;
      await workspacesStopped;
      await deps.batches.settled();
      await deps.cloudInit.stop();
      await deps.healthWatch.stop();
      await Promise.all(running);
      await deps.sampler.settled().catch((error: unknown) => log.error('the last measurements are lost', { error }));
      await deps.links[Symbol.asyncDispose]();
    },
  };
}
