/** The truth about machines, seen past the server: processes and files of the host, or the files of the simulated one. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { DriverName } from './server-process.ts';

/** What is on the host of one VM. */
export interface HostVm {
  /** Null: no machine runs. */
  readonly machine: { readonly incarnation: number; readonly identity: string; readonly pid: number | null } | null;
  /** The life that it can be woken as; null: it is not suspended. */
  readonly suspendedLife: number | null;
  /** A machine that waits for its VM. */
  readonly isSpare: boolean;
  /** What should not be there, in words. */
  readonly litter: readonly string[];
}

export type HostView = ReadonlyMap<string, HostVm>;

/** Looks at the host of this data directory now. */
export function lookAtHost(driver: DriverName, dataDir: string): HostView {
  return driver === 'simulated' ? lookAtSimulatedHost(dataDir) : lookAtProcesses(dataDir);
}

function lookAtSimulatedHost(dataDir: string): HostView {
  const directory = join(dataDir, 'simulated');
  const view = new Map<string, HostVm>();
  if (!existsSync(directory)) return view;
  for (const name of readdirSync(directory)) {
    // Half-written when the server died, and cleared by the next one.
    if (!name.endsWith('.json')) continue;
    const { machine, isSpare = false } = JSON.parse(readFileSync(join(directory, name), 'utf8'));
    const isSuspended = machine !== null && machine.state === 'suspended';
    const isRunning = machine !== null && typeof machine.state === 'string' && !isSuspended;
    view.set(name.slice(0, -'.json'.length), {
      machine: isRunning ? { incarnation: machine.incarnation, identity: String(machine.number), pid: null } : null,
      suspendedLife: isSuspended ? machine.incarnation : null,
      isSpare,
      litter: machine !== null && !isRunning && !isSuspended ? ['what is left of an ended machine'] : [],
    });
  }
  return view;
}

/** Ids of the snapshots that lie on this host, complete or not. */
export function snapshotsOnHost(driver: DriverName, dataDir: string): readonly string[] {
  const directory = join(dataDir, driver === 'simulated' ? 'simulated/snapshots' : 'snapshots');
  const names = existsSync(directory) ? readdirSync(directory) : [];
  return names.map((name) => name.replace(/\.json$/, ''));
}

/** Ids of the volumes that lie on this host, complete or not. */
export function volumesOnHost(driver: DriverName, dataDir: string): readonly string[] {
  const directory = join(dataDir, driver === 'simulated' ? 'simulated/volumes' : 'volumes');
  return existsSync(directory) ? readdirSync(directory) : [];
}

const OF_A_LIFE = ['launch.json', 'stderr.log', 'run/qmp.sock', 'run/rescue.sock', 'run/agent.sock'];
const HALF_MADE = ['launch.json.new', 'run/disk.qcow2.new'];

function lookAtProcesses(dataDir: string): HostView {
  const directory = join(dataDir, 'vms');
  const pids = vmmsBelow(directory);
  const names = new Set([...(existsSync(directory) ? readdirSync(directory) : []), ...pids.keys()]);
  return new Map(
    [...names].map((name) => {
      const suspendedLife = suspendedLifeIn(join(dataDir, 'suspended', name));
      return [name, { suspendedLife, ...lookAtVm(join(directory, name), pids.get(name) ?? []) }];
    }),
  );
}

function suspendedLifeIn(path: string): number | null {
  const file = join(path, 'machine.json');
  return existsSync(file) ? Number(JSON.parse(readFileSync(file, 'utf8')).suspendedLife) : null;
}

function lookAtVm(path: string, pids: readonly number[]): Omit<HostVm, 'suspendedLife'> {
  const present = (names: readonly string[]): readonly string[] => names.filter((name) => existsSync(join(path, name)));
  const pid = pids[0];
  const several = pids.length > 1 ? [`${pids.length} VMMs`] : [];
  const record = readRecord(join(path, 'launch.json'));
  const isSpare = record?.isSpare === true;
  if (pid === undefined) return { machine: null, isSpare, litter: [...present(OF_A_LIFE), ...present(HALF_MADE)] };
  const incarnation = Number(record?.incarnation ?? Number.NaN);
  return { machine: { incarnation, identity: String(pid), pid }, isSpare, litter: [...several, ...present(HALF_MADE)] };
}

function readRecord(path: string): { readonly incarnation: unknown; readonly isSpare?: unknown } | null {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}

/** Processes by the VM in whose run directory they work: also those that no record names. */
function vmmsBelow(directory: string): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^[0-9]+$/.test(entry))) {
    const cwd = workingDirectory(name);
    if (!cwd.startsWith(`${directory}/`)) continue;
    const vmId = cwd.slice(directory.length + 1).split('/')[0] ?? '';
    found.set(vmId, [...(found.get(vmId) ?? []), Number(name)]);
  }
  return found;
}

function workingDirectory(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It has ended meanwhile, or it is another user's: none of ours either way.
    return '';
  }
}
