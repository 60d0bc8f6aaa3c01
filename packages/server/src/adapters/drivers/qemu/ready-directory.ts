import { lchown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Image } from '../../../domain/image/image.ts';
import type { ExtraDisk } from '../../../domain/vm/extra-disk.ts';
import type { MachineSpec } from '../../../ports/driver.ts';
import { readOwnAgent } from '../../shared/own-agent.ts';
import type { Identity } from '../../shared/vm-identity.ts';
import { NO_ATTACHMENTS } from './attachments/attachments.ts';
import { contentKeyOf } from './attachments/pack-disk.ts';
import { furnishPacks, keepPack, removePackFiles } from './attachments/pack-files.ts';
import { claimExtraDisks } from './extra-disks.ts';
import { writeSeed } from './full-os/seed.ts';
import type { PreparedLaunch } from './prepare-launch.ts';
import type { StartContext } from './start-context.ts';
import type { VmDirectory } from './vm-directory.ts';

/**
 * Makes the VM's directory ready for its VMM, whatever an earlier life has left there; the disks are in place already.
 * Repeating it is safe. Throws as `keepPack`, `claimExtraDisks`.
 */
export async function readyDirectory(
  machine: MachineSpec,
  prepared: PreparedLaunch,
  context: StartContext,
): Promise<void> {
  const directory = context.machines.directory(machine.vmId);
  await removeSockets(directory);
  await claim(directory, prepared.identity, machine.spec.disks);
  await furnish(directory, prepared, context);
  await seed(machine, prepared.image, context);
}

async function removeSockets(directory: VmDirectory): Promise<void> {
  const { controlSocketPath, rescueSocketPath, agentSocketPath, systemAgentSocketPath } = directory;
  for (const path of [controlSocketPath, rescueSocketPath, agentSocketPath, systemAgentSocketPath])
    await rm(path, { force: true });
}

/** Makes the run directory and the disks the VMM's, whoever made them. */
async function claim(directory: VmDirectory, identity: Identity | null, disks: readonly ExtraDisk[]): Promise<void> {
  if (identity === null) return;
  await lchown(directory.runPath, identity.uid, identity.gid);
  await lchown(directory.diskPath, identity.uid, identity.gid);
  await claimExtraDisks(directory, disks, identity);
}

/** Has the VMM's directory hold the packs of what it takes up; and what an earlier life had there go. */
async function furnish(
  directory: VmDirectory,
  { record: { attachments: { packs } = NO_ATTACHMENTS }, saved }: PreparedLaunch,
  { packFiles }: StartContext,
): Promise<void> {
  await removePackFiles(directory.runPath);
  const key = contentKeyOf(packs);
  if (key === null) return;
  const isSuspended = saved?.facts.suspendedLife !== undefined;
  for (const pack of packs) {
    const path = saved === null || isSuspended ? null : join(saved.packsPath, pack.digest);
    await keepPack({ ...pack, path }, directory.packsPath, packFiles);
  }
  await furnishPacks(packs, { keptPath: directory.packsPath, runPath: directory.runPath, key });
}

/**
 * Has a whole system's disk beside it from which it learns who it is. A machine that is restored has it as it would
 * be if it booted now.
 */
async function seed(
  { vmId, name, spec, network: place }: MachineSpec,
  image: Image,
  { machines, ownImage, signal }: StartContext,
): Promise<void> {
  if (image.boot === 'direct') return;
  const agent = await readOwnAgent(await ownImage({ signal }));
  await writeSeed(machines.directory(vmId).seedPath, { ...spec, vmId, name, place: place ?? null, agent });
}
