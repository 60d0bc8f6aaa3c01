/**
 * Warm templates: guests that have booted and do nothing, saved so that VMs begin as forks of them.
 *
 *   warm/<key>/   in the cache, as it can be made again
 *
 * The key is made of all that a fork depends on and of nothing else: the machine's devices, without what is behind its network; the size of its
 * disk; the image, and with it kernel and agent; QEMU and what executes the guest. So a template that does not fit any more is never found.
 */
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VolaryError } from '../../../../domain/errors.ts';
import { idFromUuid } from '../../../../domain/ids.ts';
import type { Image } from '../../../../domain/image/image.ts';
import type { DiskSpec, MachineSpec } from '../../../../ports/driver.ts';
import type { Abortable, GuestLink } from '../../../../ports/guest-link.ts';
import type { Log } from '../../../../ports/log.ts';
import type { Identity } from '../../../shared/vm-identity.ts';
import { type ConnectAgent, openAgentSocket } from '../agent-transport.ts';
import { deviceDigestOf, withoutBackEnd } from '../device-digest.ts';
import { requireDirect } from '../direct-image.ts';
import { sizeOf } from '../growth.ts';
import type { InheritedFiles } from '../inherited-files.ts';
import { machineArguments } from '../machine-arguments.ts';
import { makeOverlay } from '../overlay.ts';
import type { QemuProgram } from '../qemu-program.ts';
import { startThrowawayGuest, type ThrowawayGuest } from '../throwaway-guest.ts';
import type { VmDirectory } from '../vm-directory.ts';
import { captureMachine } from './capture.ts';
import { rehearseCommand, rehearseIdentity } from './rehearse.ts';
import type { SavedFacts } from './saved-machine.ts';

/** Part of each key: raised when templates are made in another way. */
const FORMAT = 2;
const LOOK_MS = 50;
/** How long a guest that has answered may take until nothing runs in it any more. */
const CALM_MS = 60_000;

/** A key says nothing of the files that a VMM inherits. */
const ANY_FILES: InheritedFiles = new Map([
  ['devices', ''],
  ['memory', ''],
  ['root', ''],
]);

/** What executes a template and all its forks. */
export interface WarmHost {
  readonly program: QemuProgram;
  readonly accelerator: 'kvm' | 'tcg';
}

/** The key of the template that this machine can begin from. */
export function warmKeyOf(machine: MachineSpec, image: Image, { program, accelerator }: WarmHost): string {
  const argv = withoutBackEnd(machineArguments(machine, { program, accelerator, isRestored: true, files: ANY_FILES }));
  const parts = [
    FORMAT,
    deviceDigestOf(argv),
    machine.spec.diskGib,
    image.digest,
    program.version,
    accelerator,
    cpus()[0]?.model ?? '',
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

export interface WarmBuild extends WarmHost, Abortable {
  readonly machine: DiskSpec;
  /** Where its guest's files are put meanwhile. */
  readonly parent: string;
  readonly log: Log;
  readonly connectAgent: ConnectAgent;
  /** An empty directory. */
  readonly out: string;
  /** As whom its VMM runs. */
  readonly identity: Identity | null;
  /** Told what is being done, for people. */
  readonly onProgress: (message: string) => void;
}

/** Boots a guest like this machine's, has it prepared, and saves it. Throws as the start of a machine, as `captureMachine`, the signal's reason. */
export async function buildWarmTemplate(build: WarmBuild): Promise<SavedFacts> {
  const { machine, program, accelerator, signal, out } = build;
  const image = requireDirect(machine.image);
  const linkKey = randomBytes(16);
  build.onProgress('a guest boots');
  await using guest = await startThrowawayGuest(
    { parent: build.parent, log: build.log },
    {
      name: 'template',
      program,
      accelerator,
      image,
      identity: build.identity,
      hasDisk: true,
      argumentsFor: (uuid, files) => {
        // As short as a name can be: files that name it are written in place by guests with longer ones.
        const template = { ...machine, name: 't', vmId: idFromUuid('vm', uuid) };
        const how = { program, accelerator, isRestored: false, isNamed: false, files };
        return withoutBackEnd(machineArguments(template, how));
      },
      furnish: (directory) => furnish(directory, build, linkKey),
      signal,
    },
  );
  await prepareGuest(guest, build, linkKey);
  build.onProgress('it is saved');
  const pid = guest.record.process?.pid ?? 0;
  return await captureMachine({
    client: await guest.monitor.client(),
    directory: guest.directory,
    record: guest.record,
    pid,
    imageToolPath: program.imageToolPath,
    isPrepared: true,
    out,
    signal,
    ...sizeOf(guest.record.argv),
  });
}

/** The overlay names its backing as those of VMs do: forks have copies of it. */
async function furnish(
  directory: VmDirectory,
  { machine, program, signal }: WarmBuild,
  linkKey: Buffer,
): Promise<void> {
  const backing = join('../../../images', machine.image.digest, 'root.raw');
  await makeOverlay(directory.diskPath, { program, backing, sizeGib: machine.spec.diskGib, signal });
  await writeFile(directory.linkKeyPath, linkKey, { mode: 0o600 });
}

/** Waits until the guest has booted to the end, and has it forget whom it spoke to. */
async function prepareGuest(
  guest: ThrowawayGuest,
  { connectAgent, signal }: WarmBuild,
  linkKey: Buffer,
): Promise<void> {
  const openTransport = () => openAgentSocket(guest.directory);
  await using link = await connectAgent({ openTransport, linkKey, signal });
  await rehearseIdentity(link, { signal });
  await rehearseCommand(link, { signal });
  const endsAt = performance.now() + CALM_MS;
  while (!(await isPrepared(link, { isInTime: performance.now() < endsAt, signal })))
    await sleep(LOOK_MS, undefined, { signal });
}

/** False: not yet. It is still booting (EAGAIN), or something runs, which is over in a moment (EBUSY). */
async function isPrepared(
  link: GuestLink,
  { isInTime, signal }: Abortable & { readonly isInTime: boolean },
): Promise<boolean> {
  try {
    await link.prepare({ signal });
    return true;
  } catch (error) {
    const errno = error instanceof VolaryError ? error.details['errno'] : null;
    if (isInTime && (errno === 'EAGAIN' || errno === 'EBUSY')) return false;
    throw error;
  }
}
