import { basename } from 'node:path/posix';
import { tarEnd, tarHeader, tarPadding } from '../../../lib/tar.ts';
import type { MachineSpec } from '../../../ports/driver.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { containerName, findContainer, LABELS, limitsOf, PATIENCE_MS } from './engine/containers.ts';
import type { EngineClient } from './engine/engine-client.ts';
import { engineRefused } from './errors.ts';
import { rootReference } from './root-images.ts';

/** Where the agent is in a container, and where it listens: in memory, so that what a former life has left there is gone. */
export const AGENT_PATH = '/usr/local/lib/volary/volary-agent';
export const AGENT_SOCKET = '/run/volary-agent.sock';

/** As many processes as a small machine has room for: one that forks without end stops there. */
const MOST_PROCESSES = 4_096;
/** What root of a container may do besides owning files, of what Docker would give it: no raw packets, no devices, no audit. */
const PRIVILEGES = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP'],
  ...['NET_BIND_SERVICE', 'SYS_CHROOT'],
];

/** Makes the VM's container, complete or not at all, from a root that is there. One that is there stays as it is; somebody else's is in the way. */
export async function createContainer(
  client: EngineClient,
  { vmId, name, spec }: MachineSpec,
  {
    imageDigest,
    installationId,
    signal,
  }: Abortable & { readonly imageDigest: string; readonly installationId: string },
): Promise<void> {
  const json = {
    Image: rootReference(imageDigest),
    Hostname: name,
    // Root is who the agent is; whom a command runs as, each says.
    User: '0',
    Cmd: [AGENT_PATH, '--socket', AGENT_SOCKET],
    WorkingDir: '/',
    // The console: what is written to it, the engine keeps.
    Tty: true,
    Labels: { [LABELS.installation]: installationId, [LABELS.vm]: vmId, [LABELS.image]: imageDigest },
    HostConfig: {
      ...limitsOf(spec),
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      CapAdd: PRIVILEGES,
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: MOST_PROCESSES,
      Tmpfs: { '/run': 'rw,nosuid,nodev,mode=755,size=64m' },
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '8m', 'max-file': '1' } },
    },
  };
  const path = `/containers/create?name=${containerName(vmId)}`;
  const asked = { method: 'POST', path, json, expected: [409], patienceMs: PATIENCE_MS } as const;
  const { status } = await client.call(asked, { signal });
  if (status === 409 && (await findContainer(client, { vmId, installationId }, { signal })) === null)
    throw engineRefused(status, `the name ${containerName(vmId)} is somebody else's container's`);
}

/** Puts the agent into a container that does not run: the one of this server's version, whatever was there. */
export async function putAgent(
  client: EngineClient,
  id: string,
  { agent, signal }: Abortable & { readonly agent: Uint8Array },
): Promise<void> {
  const path = `/containers/${id}/archive?path=/`;
  await client.call({ method: 'PUT', path, archive: agentArchive(agent) }, { signal });
}

async function* agentArchive(agent: Uint8Array): AsyncIterable<Uint8Array> {
  const about = { mode: 0o755, uid: 0, gid: 0, modifiedAt: 0, sizeBytes: 0, target: '' };
  const directory = AGENT_PATH.slice(1, -basename(AGENT_PATH).length);
  yield tarHeader({ ...about, path: directory, type: 'directory' });
  yield tarHeader({ ...about, path: AGENT_PATH.slice(1), type: 'file', sizeBytes: agent.length });
  yield agent;
  yield tarPadding(agent.length);
  yield tarEnd();
}
