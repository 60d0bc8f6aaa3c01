/**
 * The storm: several clients ask a real server for real work, the server is killed, started again, and once it is quiet
 * everything is compared with everything: what clients were told, what the server tells, and what is on the host.
 *
 *   start -> ready -> work ... kill -> start -> ready -> quiet -> check -> work ... kill -> ...
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Snapshot, Vm } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { FaultPointName } from '../../packages/server/src/ports/fault-point.ts';
import { type Book, createBook } from './book.ts';
import { checkCommands } from './checks/commands.ts';
import { createEventLog, type EventLog } from './checks/event-log.ts';
import { checkVms, orphansOf } from './checks/vms.ts';
import { type HostView, lookAtHost, snapshotsOnHost } from './host-view.ts';
import { describePlan, type KillMix, type KillPlan, planKill } from './kill-plan.ts';
import { createRandom, type Random } from './random.ts';
import { type DriverName, type ServerProcess, startServer } from './server-process.ts';
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
export interface CheckedKill {
  readonly kill: number;
  /** When: a moment, or a point and its passing. */
  readonly at: string;
  /** False: the point was not come to, and the server was killed anyway. */
  readonly isReached: boolean;
  readonly faults: readonly string[];
  readonly vms: number;
  /** All of them so far. */
  readonly commands: number;
  readonly events: number;
  readonly readyMs: number;
  readonly quietMs: number;
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

const BOUNDS = {
  simulated: { clients: 5, mostVms: 6, tools: ['bun'], pointMs: 20_000, quietMs: 20_000 },
  // Real tools would have to be fetched first.
  qemu: { clients: 3, mostVms: 3, tools: [], pointMs: 40_000, quietMs: 120_000 },
} as const;
const LOOK_MS = 10;

/** What lives as long as the storm. */
interface Storm extends StormOptions {
  readonly random: Random;
  readonly book: Book;
  readonly log: EventLog;
}

/** Runs a storm to its end, or to its first fault. Afterwards no server runs; machines are deleted unless something is wrong. */
export async function runStorm(options: StormOptions): Promise<StormResult> {
  const storm: Storm = { ...options, random: createRandom(options.seed), book: createBook(), log: createEventLog() };
  const kills: CheckedKill[] = [];
  const reached = new Set<string>();
  let server = startServer(storm);
  try {
    let faults = (await check(storm, server, new Map())).faults;
    for (let kill = 0; kill < storm.kills && faults.length === 0 && storm.signal?.aborted !== true; kill++) {
      const plan = planKill(kill, storm);
      const { isReached, before } = await workAndDie(storm, server, plan);
      if (plan.kind === 'point' && isReached) reached.add(plan.point.split(':')[0] ?? '');
      server = startServer(storm);
      const found = await check(storm, server, before);
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
  const limitMs = plan.kind === 'point' ? BOUNDS[storm.driver].pointMs : plan.afterMs;
  await Promise.race([server.died, delay(limitMs, undefined, { signal: over.signal })]);
  const isReached = plan.kind !== 'point' || server.isDead();
  await server.kill();
  over.abort();
  await working;
  return { isReached, before: lookAtHost(storm.driver, storm.dataDir) };
}

async function another(storm: Storm, quiet: ServerProcess, plan: KillPlan): Promise<ServerProcess> {
  await quiet.kill();
  return startServer({ ...storm, faultPoint: plan.kind === 'point' ? plan.point : undefined });
}

async function haveWorked(storm: Storm, server: ServerProcess, signal: AbortSignal): Promise<void> {
  const client = await server.ready();
  if (client === null) return;
  const { clients, mostVms, tools } = BOUNDS[storm.driver];
  const { book, random } = storm;
  await Promise.all(
    Array.from({ length: clients }, () => work({ client, book, random: random.fork(), mostVms, tools, signal })),
  );
}

/** Waits until nothing is under way, and compares everything. */
async function check(
  storm: Storm,
  server: ServerProcess,
  before: HostView,
): Promise<Omit<CheckedKill, 'kill' | 'at' | 'isReached'>> {
  const { book, log } = storm;
  const startedMs = performance.now();
  const client = await server.ready();
  const readyMs = performance.now() - startedMs;
  if (client === null) throw new Error(`the server ended at its start: ${await server.died}`);
  const faults = [...book.faults, ...(await untilQuiet(storm, client))];
  const quietMs = performance.now() - startedMs - readyMs;
  const vms = await listVms(client);
  faults.push(...checkVms(book, vms, await lookWhenCalm(storm, vms), before));
  for (const id of book.operations) if (!log.hasEnded(id)) faults.push(`an accepted operation has no end: ${id}`);
  book.operations.clear();
  faults.push(...(await checkSnapshots(storm, client, vms)));
  faults.push(...(await checkAllCommands(storm, client, vms)));
  const [commands, events] = [book.commands.size, log.lastSequence];
  return { faults, vms: vms.length, commands, events, readyMs: Math.round(readyMs), quietMs: Math.round(quietMs) };
}

/** Machines are made ahead of VMs in the background: what has only a disk by now is seen to be one of them a moment later, or is none. */
async function lookWhenCalm({ driver, dataDir }: Storm, vms: readonly Vm[]): Promise<HostView> {
  const endsAt = performance.now() + BOUNDS[driver].quietMs;
  for (;;) {
    const host = lookAtHost(driver, dataDir);
    if (orphansOf(vms, host).length === 0 || performance.now() > endsAt) return host;
    await delay(LOOK_MS);
  }
}

/** Reads the log until everything that it tells the beginning of has its end. */
async function untilQuiet({ log, driver }: Storm, client: VolaryClient): Promise<readonly string[]> {
  const endsAt = performance.now() + BOUNDS[driver].quietMs;
  const faults: string[] = [];
  for (;;) {
    faults.push(...(await log.readOn(client)));
    const open = log.open();
    if (open.length === 0 || faults.length > 0) return faults;
    if (performance.now() > endsAt) return [`without an end for ${BOUNDS[driver].quietMs} ms: ${open.join(', ')}`];
    await delay(LOOK_MS);
  }
}

/** What is saved on the host is what the server tells of, once nothing is made or removed any more. */
async function checkSnapshots(
  { driver, dataDir }: Storm,
  client: VolaryClient,
  vms: readonly Vm[],
): Promise<readonly string[]> {
  // A fork that was stopped before it began keeps what it is to begin from.
  const awaited = new Set(vms.flatMap(({ incarnation, snapshot_id }) => (incarnation === 0 ? [snapshot_id] : [])));
  const endsAt = performance.now() + BOUNDS[driver].quietMs;
  for (;;) {
    const known = await listSnapshots(client);
    const onHost = snapshotsOnHost(driver, dataDir);
    const odd = [
      ...known.filter(({ state }) => state === 'creating' || state === 'deleting').map(({ id }) => `stuck: ${id}`),
      ...known.filter(({ id, state }) => state === 'ready' && !onHost.includes(id)).map(({ id }) => `lost: ${id}`),
      ...onHost
        .filter((id) => !awaited.has(id) && known.every((one) => one.id !== id))
        .map((id) => `snapshot of nobody: ${id}`),
    ];
    // Those of forks go some moments after their last VM has begun.
    if (odd.length === 0 || performance.now() > endsAt) return odd;
    await delay(LOOK_MS);
  }
}

async function listSnapshots(client: VolaryClient): Promise<readonly Snapshot[]> {
  const snapshots: Snapshot[] = [];
  for await (const snapshot of client.snapshots.listAll()) snapshots.push(snapshot);
  return snapshots;
}

async function checkAllCommands({ book }: Storm, client: VolaryClient, vms: readonly Vm[]): Promise<readonly string[]> {
  const faults: string[] = [];
  const forks = new Set(book.vms.filter(({ isFork }) => isFork === true).map(({ name }) => name));
  for (const vm of vms) if (!forks.has(vm.name)) faults.push(...(await checkCommands(client, book, vm)));
  for (const [token, { vm }] of book.commands)
    if (vms.every(({ name }) => name !== vm.name)) book.commands.delete(token);
  return faults;
}

/** Sets all VMs going, so that every guest can be read; then deletes them: nothing may be left. */
async function end(storm: Storm, server: ServerProcess): Promise<readonly string[]> {
  const { log, driver, dataDir } = storm;
  const client = await server.ready();
  if (client === null) return [`the server ended by itself: ${await server.died}`];
  const vms = await listVms(client);
  for (const { id, phase } of vms) {
    if (phase === 'paused' || phase === 'suspended') await client.operations.finish((await client.vms.resume(id)).id);
    if (phase === 'stopped') await client.operations.finish((await client.vms.start(id)).id);
  }
  const faults = [...(await check(storm, server, new Map())).faults];
  if (faults.length > 0) return faults;
  for (const { id } of vms) await client.operations.finish((await client.vms.delete(id)).id);
  for (const { id } of await listSnapshots(client))
    await client.operations.finish((await client.snapshots.delete(id)).id);
  faults.push(...(await log.readOn(client)));
  // What waits for VMs goes with the server.
  const code = await server.stop();
  const left = [...lookAtHost(driver, dataDir).keys(), ...snapshotsOnHost(driver, dataDir)];
  faults.push(...left.map((id) => `left over: ${id}`));
  return code === '0' ? faults : [...faults, `SIGTERM ended the server with ${code}`];
}

async function listVms(client: VolaryClient): Promise<readonly Vm[]> {
  const vms: Vm[] = [];
  for await (const vm of client.vms.listAll()) vms.push(vm);
  return vms;
}

function describeEvents(log: EventLog): readonly string[] {
  return log
    .tail(100)
    .map(({ sequence, at, type, subject, data }) => `#${sequence} ${at} ${type} ${subject} ${JSON.stringify(data)}`);
}
