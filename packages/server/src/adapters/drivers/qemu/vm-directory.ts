import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseId, type VmId } from '../../../domain/ids.ts';

/**
 * Where the things of one VM lie. The directory belongs to us alone; only `run/` belongs to the VMM, which is in it and
 * names everything relative to it. Nothing of ours is read or written by name below `run/` but sockets and the disk:
 * a VMM that was taken over must not be able to lead us elsewhere.
 */
export interface VmDirectory {
  readonly path: string;
  readonly runPath: string;
  readonly diskPath: string;
  /** The disk while it is being made. */
  readonly newDiskPath: string;
  /** What the disk was made from. */
  readonly diskOriginPath: string;
  readonly recordPath: string;
  readonly linkKeyPath: string;
  /** Files of the tool packs that it keeps. */
  readonly packsPath: string;
  readonly stderrPath: string;
  readonly controlSocketPath: string;
  readonly rescueSocketPath: string;
  readonly agentSocketPath: string;
  /** Of the agent that a whole system brings. */
  readonly systemAgentSocketPath: string;
  /** What a whole system is told of itself. */
  readonly seedPath: string;
}

/** Names of files as the VMM sees them, in its working directory. */
export const RUN_FILES = {
  disk: 'disk.qcow2',
  controlSocket: 'qmp.sock',
  rescueSocket: 'rescue.sock',
  agentSocket: 'agent.sock',
  systemAgentSocket: 'qga.sock',
} as const;

/** The directory that holds those of all VMs. */
function vmsPath(dataDir: string): string {
  return join(dataDir, 'vms');
}

/** The places of this VM, whether they exist or not. */
export function vmDirectory(dataDir: string, vmId: VmId): VmDirectory {
  return vmDirectoryAt(join(vmsPath(dataDir), vmId));
}

/** The same places below any directory, for a guest that is no VM. */
export function vmDirectoryAt(path: string): VmDirectory {
  const runPath = join(path, 'run');
  return {
    path,
    runPath,
    diskPath: join(runPath, RUN_FILES.disk),
    newDiskPath: join(runPath, `${RUN_FILES.disk}.new`),
    diskOriginPath: join(path, 'disk.json'),
    recordPath: join(path, 'launch.json'),
    linkKeyPath: join(path, 'link.key'),
    packsPath: join(path, 'packs'),
    stderrPath: join(path, 'stderr.log'),
    controlSocketPath: join(runPath, RUN_FILES.controlSocket),
    rescueSocketPath: join(runPath, RUN_FILES.rescueSocket),
    agentSocketPath: join(runPath, RUN_FILES.agentSocket),
    systemAgentSocketPath: join(runPath, RUN_FILES.systemAgentSocket),
    seedPath: join(path, 'seed.iso'),
  };
}

/** Ids of all VMs that have a directory, complete or not. */
export async function listVmIds(dataDir: string): Promise<readonly VmId[]> {
  const path = vmsPath(dataDir);
  if (!existsSync(path)) return [];
  const ids: VmId[] = [];
  for (const name of await readdir(path)) {
    const id = parseId('vm', name);
    if (id !== null) ids.push(id);
  }
  return ids;
}
