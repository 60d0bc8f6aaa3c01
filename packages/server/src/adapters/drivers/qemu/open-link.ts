import type { Duplex } from 'node:stream';
import type { VmId } from '../../../domain/ids.ts';
import type { Abortable, GuestLink } from '../../../ports/guest-link.ts';
import { openAgentSocket } from './agent-transport.ts';
import { tellOfPacks } from './attachments/begin-with-packs.ts';
import { noMachine } from './errors.ts';
import { beginInstalling } from './full-os/system-agent.ts';
import { isWholeSystem } from './full-os/system-agent-port.ts';
import { readLinkKey } from './link-key.ts';
import type { Machines } from './machines.ts';
import { findRecord } from './present-machine.ts';
import type { QemuDriverDeps } from './qemu-config.ts';
import { identifyRestored } from './saved/identify-restored.ts';

/** `isSpare`: whether one is wanted to a machine that was made ahead of its VM. To nobody else is that one there. */
type LinkOptions = Abortable & { readonly isSpare: boolean };

/** A link to the agent of the machine that is there now; it ends with this machine's life. */
export async function openLink(
  deps: Pick<QemuDriverDeps, 'connectAgent' | 'log'>,
  machines: Machines,
  vmId: VmId,
  { signal, isSpare }: LinkOptions,
): Promise<GuestLink> {
  // Before anything is awaited: of two calls the later one has the link, whichever of them reads its record first.
  const opening = machines.beginLink(vmId);
  await opening.isFree;
  const record = await findRecord(machines, vmId);
  if (record === null || (record.isSpare === true) !== isSpare) throw noMachine();
  const directory = machines.directory(vmId);
  const openTransport = async (): Promise<Duplex> => {
    const present = await findRecord(machines, vmId);
    if (present?.incarnation !== record.incarnation) throw noMachine();
    return openAgentSocket(directory);
  };
  const whileOpening = AbortSignal.any([signal, opening.signal]);
  await using _installing = isWholeSystem(record.argv)
    ? beginInstalling(directory.systemAgentSocketPath, { log: deps.log.child({ vmId }), signal: whileOpening })
    : null;
  const link = await deps.connectAgent({
    openTransport,
    linkKey: await readLinkKey(directory),
    signal: whileOpening,
  });
  try {
    if (record.restore?.isIdentified === false) await identifyRestored(machines, vmId, { record, link, signal });
    if (record.attachments?.isGuestTold === false) tellOfPacks(machines, vmId, { record, link, log: deps.log });
    opening.signal.throwIfAborted();
  } catch (error) {
    await link[Symbol.asyncDispose]();
    throw error;
  }
  machines.setLink(vmId, link);
  return link;
}
