import type { MachineSpec } from '../../../ports/driver.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { AGENT_PATH, toolPath } from './container-files.ts';
import { containerName, findContainer, LABELS, limitsOf, PATIENCE_MS, packsLabel } from './engine/containers.ts';
import type { EngineClient } from './engine/engine-client.ts';
import { engineRefused } from './errors.ts';
import { outlasting } from './outlasting.ts';
import { rootReference } from './root-images.ts';
import type { UnpackedPacks } from './unpacked-packs.ts';

/** Where the agent listens: in memory, so that what a former life has left there is gone. */
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
  { vmId, name, spec, packs = [] }: MachineSpec,
  {
    imageDigest,
    installationId,
    unpacked,
    signal,
  }: Abortable & {
    readonly imageDigest: string;
    readonly installationId: string;
    readonly unpacked: Pick<UnpackedPacks, 'pathOf'>;
  },
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
    Labels: {
      ...{ [LABELS.installation]: installationId, [LABELS.vm]: vmId, [LABELS.image]: imageDigest },
      ...(packs.length === 0 ? {} : { [LABELS.packs]: packsLabel(packs) }),
    },
    HostConfig: {
      ...limitsOf(spec),
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      CapAdd: PRIVILEGES,
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: MOST_PROCESSES,
      Mounts: packs.map(({ name: tool, digest }) => ({
        ...{ Type: 'bind', Source: unpacked.pathOf(digest), Target: toolPath(tool), ReadOnly: true },
        BindOptions: { Propagation: 'rprivate' },
      })),
      Tmpfs: { '/run': 'rw,nosuid,nodev,mode=755,size=64m' },
      RestartPolicy: { Name: 'no' },
      // Two files: one begun anew leaves what was said just before.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '4m', 'max-file': '2' } },
    },
  };
  const path = `/containers/create?name=${containerName(vmId)}`;
  const asked = { method: 'POST', path, json, expected: [409], patienceMs: PATIENCE_MS } as const;
  signal.throwIfAborted();
  // Broken off, it might come about when nobody looks any more.
  const { status } = await outlasting(signal, (each) => client.call(asked, { signal: each }));
  if (status === 409 && (await findContainer(client, { vmId, installationId }, { signal })) === null)
    throw engineRefused(status, `the name ${containerName(vmId)} is somebody else's container's`);
}
