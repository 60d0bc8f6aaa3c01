import type { Duplex } from 'node:stream';
import { VolaryError } from '../../../domain/errors.ts';
import type { VmId } from '../../../domain/ids.ts';
import type { Abortable, GuestLink } from '../../../ports/guest-link.ts';
import { AGENT_PATH } from './container-files.ts';
import { type ContainerSize, containerLink } from './container-link.ts';
import { AGENT_SOCKET } from './create-container.ts';
import type { DockerDriverDeps } from './docker-config.ts';
import { createExec, findContainer } from './engine/containers.ts';
import type { EngineClient } from './engine/engine-client.ts';
import { execPipe } from './engine/exec-pipe.ts';
import { noMachine } from './errors.ts';
import type { MachineRecord, MachineRecords } from './machine-record.ts';

interface LinkParts extends Pick<DockerDriverDeps, 'installationId' | 'connectAgent'> {
  readonly client: EngineClient;
  readonly records: MachineRecords;
}

/**
 * A link to the agent of the machine that is there now; it ends with this machine's life. The way in is a second program of the same agent, which
 * the engine runs in the container, and which passes on what comes and goes: it ends with its connection, and the agent stays.
 */
export async function openLink(
  { client, records, installationId, connectAgent }: LinkParts,
  vmId: VmId,
  { signal }: Abortable,
): Promise<GuestLink> {
  const record = await presentRecord();

  async function presentRecord(): Promise<MachineRecord> {
    const present = await records.read(vmId);
    if (present === null) throw noMachine();
    return present;
  }

  async function sizeOf(options: Abortable): Promise<ContainerSize> {
    const { linkKey } = await presentRecord();
    const container = await findContainer(client, { vmId, installationId }, options);
    const isThere = container?.state === 'running' || container?.state === 'paused';
    if (!isThere || linkKey !== record.linkKey) throw noMachine();
    return container;
  }

  async function openTransport(options: Abortable): Promise<Duplex> {
    const { id } = await sizeOf(options);
    const argv = [AGENT_PATH, '--connect', AGENT_SOCKET];
    const exec = await createExec(client, id, { argv, ...options });
    if (exec === null) throw notNow();
    return execPipe(await client.upgrade(`/exec/${exec}/start`, { Detach: false, Tty: false }, options));
  }

  await sizeOf({ signal });
  const linkKey = Buffer.from(record.linkKey, 'hex');
  const link = await connectAgent({ openTransport, linkKey, signal });
  return containerLink(link, { client, sizeOf: () => sizeOf({ signal: NEVER }) });
}

const NEVER = new AbortController().signal;

/** It is halted: the same may go well a little later. */
function notNow(): VolaryError {
  return new VolaryError('unavailable', "The way to the guest's agent is not there.", { reason: 'guest.link_lost' });
}
