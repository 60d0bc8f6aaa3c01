/** Waits until nothing is under way, and compares everything: what clients were told, what the server tells, and what is on the host. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Snapshot, Vm } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Book } from './book.ts';
import { checkCommands } from './checks/commands.ts';
import { checkDeployments, listDeployments, readDeployments, whyUnsettled } from './checks/deployments.ts';
import type { EventLog } from './checks/event-log.ts';
import { differences, planOf } from './checks/host-networks.ts';
import { checkNetworks, readNetworks, type SeenNetworks } from './checks/networks.ts';
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
  return {
    ...{ faults, vms: vms.length, deployments: seen.deployments.length, leases: leases.length },
    ...{ commands: book.commands.size, events: log.lastSequence },
    ...{ readyMs: Math.round(readyMs), quietMs: Math.round(quietMs) },
  };
}

/** Reads the log until everything that it tells the beginning of has its end, and what is kept as it is wanted is so. */
async function untilQuiet({ log, quietMs }: Compared, client: VolaryClient): Promise<readonly string[]> {
  const endsAt = performance.now() + quietMs;
  const faults: string[] = [];
  for (;;) {
    faults.push(...(await log.readOn(client)));
    const open = log.open();
    const unsettled = open.length > 0 ? [] : await listUnsettled(client);
    if (open.length === 0 && unsettled.length === 0) faults.push(...(await log.readOn(client)));
    // What was settled may have begun something else before it was.
    if (faults.length > 0 || (unsettled.length === 0 && open.length === 0 && log.open().length === 0)) return faults;
    if (performance.now() > endsAt) return [`without an end for ${quietMs} ms: ${[...open, ...unsettled].join(', ')}`];
    await delay(LOOK_MS);
  }
}

async function listUnsettled(client: VolaryClient): Promise<readonly string[]> {
  const deployments = await listDeployments(client);
  const workspaces = await listWorkspaces(client);
  return [
    ...deployments.map(whyUnsettled).filter((why) => why !== null),
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
