/** Waits until nothing is under way, and compares everything: what clients were told, what the server tells, and what is on the host. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Event, LogLine, Snapshot, Vm } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Book } from './book.ts';
import { checkAlerts } from './checks/alerts.ts';
import { checkBatches, readBatches } from './checks/batches.ts';
import { checkCommands } from './checks/commands.ts';
import {
  checkDeployments,
  listDeployments,
  readDeployments,
  whyNotScaled,
  whyUnsettled,
} from './checks/deployments.ts';
import type { EventLog } from './checks/event-log.ts';
import { differences, planOf } from './checks/host-networks.ts';
import { compareLines, EVENT_SOURCES } from './checks/log-lines.ts';
import { checkNetworks, readNetworks, type SeenNetworks } from './checks/networks.ts';
import { checkVmNetworks } from './checks/vm-networks.ts';
import { checkVms, isOwn, orphansOf } from './checks/vms.ts';
import { checkVolumes, listVolumes } from './checks/volumes.ts';
import { checkWorkspaces, listWorkspaces, readWorkspaces } from './checks/workspaces.ts';
import type { World } from './host-networks.ts';
import { type HostView, lookAtHost, snapshotsOnHost, volumesOnHost } from './host-view.ts';
import type { DriverName, ServerProcess } from './server-process.ts';
import { readStoredNetworks } from './stored-leases.ts';

/** What is compared. */
export interface Compared {
  readonly driver: DriverName;
  readonly dataDir: string;
  readonly book: Book;
  readonly log: EventLog;
  /** Null: there is nothing of networks on the host. */
  readonly world: World | null;
  /** How long what was asked for may take to come to its end. */
  readonly quietMs: number;
}

/** What was found, and of how much. */
export interface Findings {
  readonly faults: readonly string[];
  readonly vms: number;
  readonly deployments: number;
  readonly leases: number;
  /** All of them so far. */
  readonly commands: number;
  readonly events: number;
  readonly readyMs: number;
  readonly quietMs: number;
}

const LOOK_MS = 10;

/** `before`: the host when the last server died. */
export async function checkAll(storm: Compared, server: ServerProcess, before: HostView): Promise<Findings> {
  const { book, log, dataDir } = storm;
  const startedMs = performance.now();
  const client = await server.ready();
  const readyMs = performance.now() - startedMs;
  if (client === null) throw new Error(`the server ended at its start: ${await server.died}`);
  const faults = [...book.faults, ...(await untilQuiet(storm, client))];
  const quietMs = performance.now() - startedMs - readyMs;
  const vms = await listVms(client);
  const seen = await readDeployments(client);
  const workspaces = await listWorkspaces(client);
  const networks = await readNetworks(client);
  const { leases } = readStoredNetworks(dataDir);
  faults.push(...checkDeployments(book, seen, vms));
  const batches = await readBatches(client, book);
  const names = vms.map(({ name }) => name);
  faults.push(...checkBatches(book, batches, { names, hasEnded: log.hasEnded }));
  faults.push(...checkVmNetworks(book, vms));
  const lines = await readWorkspaces(client, workspaces);
  const mayFail = storm.driver === 'simulated';
  faults.push(...checkWorkspaces(book, workspaces, { vms, lines, mayFail }));
  faults.push(...checkNetworks(book, networks, { vms, leases }));
  faults.push(...(await checkHostNetworks(storm, networks, vms)));
  const onHost = volumesOnHost(storm.driver, dataDir);
  faults.push(...checkVolumes(book, await listVolumes(client), { vms, onHost }));
  faults.push(...checkVms(book, vms, await lookWhenCalm(storm, vms), before));
  for (const id of book.operations) if (!log.hasEnded(id)) faults.push(`an accepted operation has no end: ${id}`);
  book.operations.clear();
  faults.push(...(await checkSnapshots(storm, client, vms)));
  faults.push(...(await checkAllCommands(storm, client, vms)));
  faults.push(...(await checkKept(storm, client, vms)));
  return {
    ...{ faults, vms: vms.length, deployments: seen.deployments.length, leases: leases.length },
    ...{ commands: book.commands.size, events: log.lastSequence },
    ...{ readyMs: Math.round(readyMs), quietMs: Math.round(quietMs) },
  };
}

/** Reads the log until everything that it tells the beginning of has its end, and what is kept as it is wanted is so. */
async function untilQuiet({ book, log, quietMs }: Compared, client: VolaryClient): Promise<readonly string[]> {
  const endsAt = performance.now() + quietMs;
  const faults: string[] = [];
  for (;;) {
    faults.push(...(await log.readOn(client)));
    const open = log.open();
    const unsettled = open.length > 0 ? [] : await listUnsettled(book, client);
    if (open.length === 0 && unsettled.length === 0) faults.push(...(await log.readOn(client)));
    // What was settled may have begun something else before it was.
    if (faults.length > 0 || (unsettled.length === 0 && open.length === 0 && log.open().length === 0)) return faults;
    if (performance.now() > endsAt) return [`without an end for ${quietMs} ms: ${[...open, ...unsettled].join(', ')}`];
    await delay(LOOK_MS);
  }
}

async function listUnsettled(book: Book, client: VolaryClient): Promise<readonly string[]> {
  const deployments = await listDeployments(client);
  const workspaces = await listWorkspaces(client);
  return [
    ...deployments
      .map((deployment) => whyUnsettled(deployment) ?? whyNotScaled(book, deployment))
      .filter((why) => why !== null),
    ...workspaces
      .filter(({ status }) => status === 'creating' || status === 'deleting')
      .map(({ name, status }) => `${name} is ${status}`),
  ];
}

/** Machines are made ahead of VMs in the background: what has only a disk by now is seen to be one of them a moment later, or is none. */
async function lookWhenCalm({ driver, dataDir, quietMs }: Compared, vms: readonly Vm[]): Promise<HostView> {
  const endsAt = performance.now() + quietMs;
  for (;;) {
    const host = lookAtHost(driver, dataDir);
    if (orphansOf(vms, host).length === 0 || performance.now() > endsAt) return host;
    await delay(LOOK_MS);
  }
}

/** What is on the host of networks is what is stored, some moments after that changed. */
async function checkHostNetworks(
  { world, dataDir, quietMs }: Compared,
  networks: SeenNetworks,
  vms: readonly Vm[],
): Promise<readonly string[]> {
  if (world === null) return [];
  const { installationId, leases } = readStoredNetworks(dataDir);
  const wanted = world.expect(installationId, planOf(networks, { vms, leases }));
  const endsAt = performance.now() + quietMs;
  for (;;) {
    const odd = differences(wanted, world.look(installationId));
    if (odd.length === 0 || performance.now() > endsAt) return odd;
    await delay(LOOK_MS);
  }
}

/** What is saved on the host is what the server tells of, once nothing is made or removed any more. */
async function checkSnapshots(
  { driver, dataDir, quietMs }: Compared,
  client: VolaryClient,
  vms: readonly Vm[],
): Promise<readonly string[]> {
  // A fork that was stopped before it began keeps what it is to begin from.
  const awaited = new Set(vms.flatMap(({ incarnation, snapshot_id }) => (incarnation === 0 ? [snapshot_id] : [])));
  const endsAt = performance.now() + quietMs;
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

/** What is kept of what happened: each event is one line of the log, and what fires is of a VM that runs. Both come some moments later. */
export async function checkKept(
  { log, quietMs }: Pick<Compared, 'log' | 'quietMs'>,
  client: VolaryClient,
  vms: readonly Vm[],
): Promise<readonly string[]> {
  const endsAt = performance.now() + quietMs;
  for (;;) {
    const faults = await log.readOn(client);
    const { missing, doubled } = compareLines(log.unlogged(), await linesSince(client, oldestOf(log.unlogged())));
    const { items: firing } = await client.alerts.list({ state: 'firing', limit: 100 });
    const odd = [...missing.map((what) => `no line of the log: ${what}`), ...checkAlerts(firing, vms)];
    const wrong = [...faults, ...doubled.map((what) => `more than one line of the log: ${what}`)];
    if (wrong.length > 0) return wrong;
    if (odd.length === 0) log.noteLogged();
    if (odd.length === 0 || performance.now() > endsAt) return odd;
    await delay(LOOK_MS);
  }
}

/** What was decided first need not have been written first. */
function oldestOf(events: readonly Pick<Event, 'at'>[]): string | undefined {
  return events.map(({ at }) => at).toSorted()[0];
}

async function linesSince(client: VolaryClient, since: string | undefined): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  if (since === undefined) return lines;
  for await (const line of client.logs.export({ sources: EVENT_SOURCES, since })) lines.push(line);
  return lines;
}

export async function listSnapshots(client: VolaryClient): Promise<readonly Snapshot[]> {
  const snapshots: Snapshot[] = [];
  for await (const snapshot of client.snapshots.listAll()) snapshots.push(snapshot);
  return snapshots;
}

async function checkAllCommands(
  { book }: Compared,
  client: VolaryClient,
  vms: readonly Vm[],
): Promise<readonly string[]> {
  const faults: string[] = [];
  const forks = new Set(book.vms.filter(({ isFork }) => isFork === true).map(({ name }) => name));
  for (const vm of vms) if (isOwn(vm) && !forks.has(vm.name)) faults.push(...(await checkCommands(client, book, vm)));
  for (const [token, { vm }] of book.commands)
    if (vms.every(({ name }) => name !== vm.name)) book.commands.delete(token);
  return faults;
}

export async function listVms(client: VolaryClient): Promise<readonly Vm[]> {
  const vms: Vm[] = [];
  for await (const vm of client.vms.listAll()) vms.push(vm);
  return vms;
}
