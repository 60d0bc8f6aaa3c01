/**
 * The storm: several clients ask a real server for real work, the server is killed, started again, and once it is quiet
 * everything is compared with everything: what clients were told, what the server tells, and what is on the host.
 *
 *   start -> ready -> work ... kill -> start -> ready -> quiet -> check -> work ... kill -> ...
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { VolaryClient } from '@volary/sdk';
import { whyNoBridges } from '../../packages/server/src/adapters/networks/why-no-bridges.ts';
import { DEFAULT_NETWORK } from '../../packages/server/src/domain/network/network.ts';
import type { FaultPointName } from '../../packages/server/src/ports/fault-point.ts';
import { createBook } from './book.ts';
import { type Compared, checkAll, checkKept, type Findings, listSnapshots, listVms } from './check-all.ts';
import { listDeployments } from './checks/deployments.ts';
import { createEventLog, type EventLog } from './checks/event-log.ts';
import { differences } from './checks/host-networks.ts';
import { readNetworks } from './checks/networks.ts';
import { isOwn } from './checks/vms.ts';
import { listVolumes } from './checks/volumes.ts';
import { listWorkspaces } from './checks/workspaces.ts';
import { createWorld, type World } from './host-networks.ts';
import { type HostView, lookAtHost, snapshotsOnHost, volumesOnHost } from './host-view.ts';
import { describePlan, type KillMix, type KillPlan, planKill } from './kill-plan.ts';
import { createRandom, type Random } from './random.ts';
import { type DriverName, type ServerProcess, startServer } from './server-process.ts';
import { readStoredNetworks } from './stored-leases.ts';
import { work } from './work.ts';

export interface StormOptions {
  readonly driver: DriverName;
  readonly dataDir: string;
  readonly kills: number;
  readonly seed: number;
  readonly mix: KillMix;
  readonly firstPoint?: number;
  /** Points that have turns; default: all that the driver comes to. */
  readonly points?: readonly FaultPointName[];
  /** Called after each kill has been checked. */
  readonly onKill?: (kill: CheckedKill) => void;
  /** No kill begins after this; default: no limit. */
  readonly signal?: AbortSignal;
}

/** One kill, and what was found after it. */
export interface CheckedKill extends Findings {
  readonly kill: number;
  /** When: a moment, or a point and its passing. */
  readonly at: string;
  /** False: the point was not come to, and the server was killed anyway. */
  readonly isReached: boolean;
}

export interface StormResult {
  readonly kills: readonly CheckedKill[];
  /** Empty when all promises were kept. */
  readonly faults: readonly string[];
  /** What had happened last, for whoever has to find out why. */
  readonly history: readonly string[];
  /** Points at which a server has died. */
  readonly reached: ReadonlySet<string>;
}

const MACHINES = {
  simulated: {
    ...{ clients: 5, pointMs: 20_000, quietMs: 40_000 },
    work: {
      mostVms: 6,
      mostDeployments: 2,
      mostReplicas: 3,
      mostWorkspaces: 2,
      mostNetworks: 3,
      mostVolumes: 3,
      isSimulated: true,
      tools: ['bun'],
    },
  },
  qemu: {
    ...{ clients: 3, pointMs: 40_000, quietMs: 120_000 },
    // Real tools would have to be fetched first.
    work: {
      mostVms: 3,
      mostDeployments: 1,
      mostReplicas: 2,
      mostWorkspaces: 1,
      mostNetworks: 2,
      mostVolumes: 2,
      isSimulated: false,
      tools: [],
    },
  },
} as const;

/** What lives as long as the storm. */
interface Storm extends StormOptions, Compared {
  readonly random: Random;
  readonly log: EventLog;
  readonly world: World | null;
}

/** Runs a storm to its end, or to its first fault. Afterwards no server runs; machines are deleted unless something is wrong. */
export async function runStorm(options: StormOptions): Promise<StormResult> {
  using world = options.driver === 'qemu' && whyNoBridges() === null ? createWorld() : null;
  const storm: Storm = {
    ...options,
    ...{ random: createRandom(options.seed), book: createBook() },
    log: createEventLog({ forgetsCommands: options.driver === 'simulated' }),
    ...{ world, quietMs: MACHINES[options.driver].quietMs },
  };
  const kills: CheckedKill[] = [];
  const reached = new Set<string>();
  let server = launch(storm);
  try {
    let faults = (await checkAll(storm, server, new Map())).faults;
    for (let kill = 0; kill < storm.kills && faults.length === 0 && storm.signal?.aborted !== true; kill++) {
      const plan = planKill(kill, storm);
      const { isReached, before } = await workAndDie(storm, server, plan);
      if (plan.kind === 'point' && isReached) reached.add(plan.point.split(':')[0] ?? '');
      server = launch(storm);
      const found = await checkAll(storm, server, before);
      faults = found.faults;
      const checked = { kill, at: describePlan(plan), isReached, ...found };
      kills.push(checked);
      storm.onKill?.(checked);
    }
    if (faults.length === 0) faults = await end(storm, server);
    return { kills, faults, history: [...storm.book.history, ...describeEvents(storm.log)], reached };
  } finally {
    if (!server.isDead()) await server.kill();
  }
}

/** Has the clients work until the server is dead, by the plan; tells what was on the host at its death. */
async function workAndDie(
  storm: Storm,
  quiet: ServerProcess,
  plan: KillPlan,
): Promise<{ readonly isReached: boolean; readonly before: HostView }> {
  const server = plan.kind === 'working' ? quiet : await another(storm, quiet, plan);
  const over = new AbortController();
  const working = plan.kind === 'starting' ? Promise.resolve() : haveWorked(storm, server, over.signal);
  const limitMs = plan.kind === 'point' ? MACHINES[storm.driver].pointMs : plan.afterMs;
  await Promise.race([server.died, delay(limitMs, undefined, { signal: over.signal })]);
  const isReached = plan.kind !== 'point' || server.isDead();
  await server.kill();
  over.abort();
  await working;
  return { isReached, before: lookAtHost(storm.driver, storm.dataDir) };
}

async function another(storm: Storm, quiet: ServerProcess, plan: KillPlan): Promise<ServerProcess> {
  await quiet.kill();
  return launch(storm, plan.kind === 'point' ? plan.point : undefined);
}

/** They fire and are resolved as soon as can be. */
const ALERTS = 'cpu_percent: 60, for_seconds: 0';

/** No packet of its guests leaves the world that was made for it. */
function launch({ driver, dataDir, world }: Storm, faultPoint?: string): ServerProcess {
  const env = { VOLARY_NETWORK_UPLINK: world?.path ?? 'none', VOLARY_ALERTS: ALERTS };
  return startServer({ driver, dataDir, faultPoint, env });
}

async function haveWorked(storm: Storm, server: ServerProcess, signal: AbortSignal): Promise<void> {
  const client = await server.ready();
  if (client === null) return;
  const { book, random, driver, world } = storm;
  const { clients, work: most } = MACHINES[driver];
  const bounds = driver === 'qemu' && world === null ? { ...most, mostNetworks: 0 } : most;
  await Promise.all(
    Array.from({ length: clients }, () => work({ client, book, random: random.fork(), bounds, signal })),
  );
}

/** Sets all VMs going, so that every guest can be read; then deletes everything: nothing may be left. */
async function end(storm: Storm, server: ServerProcess): Promise<readonly string[]> {
  const { log, driver, dataDir, world } = storm;
  const client = await server.ready();
  if (client === null) return [`the server ended by itself: ${await server.died}`];
  await setAllGoing(storm, client);
  const faults = [...(await checkAll(storm, server, new Map())).faults];
  if (faults.length > 0) return faults;
  await deleteAll(client);
  faults.push(...(await log.readOn(client)), ...(await checkKept(storm, client, [])));
  const { installationId, leases } = readStoredNetworks(dataDir);
  faults.push(...leases.map(({ vmId }) => `an address is kept for ${vmId}`));
  // What waits for VMs goes with the server, and so does what its networks were.
  const code = await server.stop();
  const saved = [...snapshotsOnHost(driver, dataDir), ...volumesOnHost(driver, dataDir)];
  const left = [...lookAtHost(driver, dataDir).keys(), ...saved];
  faults.push(...left.map((id) => `left over: ${id}`));
  if (world !== null) faults.push(...differences(NOTHING, world.look(installationId)));
  return code === '0' ? faults : [...faults, `SIGTERM ended the server with ${code}`];
}

/** Nobody else asks for anything by now. */
async function setAllGoing({ book }: Storm, client: VolaryClient): Promise<void> {
  for (const { id, phase } of await listVms(client)) {
    if (phase === 'paused' || phase === 'suspended') await client.operations.finish((await client.vms.resume(id)).id);
    if (phase === 'stopped') await client.operations.finish((await client.vms.start(id)).id);
  }
  for (const { name, is_paused: isPaused } of await listDeployments(client)) {
    if (!isPaused) continue;
    await client.deployments.update(name, { is_paused: false });
    for (const known of book.deployments) if (known.name === name) known.isPaused.splice(0, 1, false);
  }
}

const NOTHING = { hasNamespace: false, links: [], rules: [], outside: [] } as const;

async function deleteAll(client: VolaryClient): Promise<void> {
  for (const { id } of await listDeployments(client)) {
    await client.deployments.delete(id);
    await client.deployments.wait(id, { phase: 'absent', timeoutSeconds: 60 });
  }
  for (const { id } of await listWorkspaces(client)) {
    await client.workspaces.delete(id);
    await client.workspaces.wait(id, { status: 'absent', timeoutSeconds: 60 });
  }
  for (const { id } of (await listVms(client)).filter(isOwn))
    await client.operations.finish((await client.vms.delete(id)).id);
  for (const { id } of await listSnapshots(client))
    await client.operations.finish((await client.snapshots.delete(id)).id);
  for (const { id } of await listVolumes(client)) await client.operations.finish((await client.volumes.delete(id)).id);
  const { networks, groups } = await readNetworks(client);
  for (const { id, name } of networks) if (name !== DEFAULT_NETWORK.name) await client.networks.delete(id);
  for (const { id } of groups) await client.securityGroups.delete(id);
}

function describeEvents(log: EventLog): readonly string[] {
  return log
    .tail(100)
    .map(({ sequence, at, type, subject, data }) => `#${sequence} ${at} ${type} ${subject} ${JSON.stringify(data)}`);
}
