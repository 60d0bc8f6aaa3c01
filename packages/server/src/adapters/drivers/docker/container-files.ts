/** What is put into a container before each of its lives: our agent, and the ways to the commands of its tools. */
import { basename } from 'node:path/posix';
import { type TarEntry, tarEnd, tarHeader, tarPadding } from '../../../lib/tar.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import type { ContainerPack } from './engine/containers.ts';
import type { EngineClient } from './engine/engine-client.ts';
import type { UnpackedPacks } from './unpacked-packs.ts';

/** Where the agent is in a container. */
export const AGENT_PATH = '/usr/local/lib/volary/volary-agent';
/** Where machines have their tools, too; the agent has each command find `bin` on its PATH. */
const TOOLS_HOME = '/opt/volary';

/** The place of a tool in a container. */
export function toolPath(name: string): string {
  return `${TOOLS_HOME}/tools/${name}`;
}

/** Puts the agent into a container that does not run: the one of this server's version, whatever was there. With it a link to each command of its tools. */
export async function putFiles(
  client: EngineClient,
  { id, packs }: { readonly id: string; readonly packs: readonly ContainerPack[] },
  { agent, unpacked, signal }: Abortable & { readonly agent: Uint8Array; readonly unpacked: UnpackedPacks },
): Promise<void> {
  const links: [command: string, tool: string][] = [];
  for (const { name, digest } of packs)
    for (const command of await unpacked.commandsOf(digest)) links.push([command, name]);
  const path = `/containers/${id}/archive?path=/`;
  const archive = archiveOf(agent, packs.length === 0 ? null : links);
  await client.call({ method: 'PUT', path, archive }, { signal });
}

const ABOUT = { mode: 0o755, uid: 0, gid: 0, modifiedAt: 0, sizeBytes: 0, target: '' } as const;

/** As the agent of a machine has it: shells that log in begin with a PATH of their own. */
const PROFILE = Buffer.from(
  `# Tools that this machine was given.\ncase ":$PATH:" in *:${TOOLS_HOME}/bin:*) ;; *) [ -d ${TOOLS_HOME}/bin ] && PATH="${TOOLS_HOME}/bin:$PATH" ;; esac\n`,
);

async function* archiveOf(agent: Uint8Array, links: readonly [string, string][] | null): AsyncIterable<Uint8Array> {
  yield directory(AGENT_PATH.slice(1, -basename(AGENT_PATH).length));
  yield* file(AGENT_PATH.slice(1), agent, 0o755);
  if (links !== null) {
    yield directory(`${TOOLS_HOME.slice(1)}/bin/`);
    yield* file('etc/profile.d/volary-tools.sh', PROFILE, 0o644);
    // Of two tools with one command it is the first one's.
    for (const [command, tool] of new Map(links.toReversed())) {
      const link = { type: 'symlink', target: latin1(`${toolPath(tool)}/bin/${command}`) } as const;
      yield tarHeader({ ...ABOUT, ...link, path: latin1(`${TOOLS_HOME.slice(1)}/bin/${command}`), mode: 0o777 });
    }
  }
  yield tarEnd();
}

function directory(path: string): Uint8Array {
  return tarHeader({ ...ABOUT, path, type: 'directory' });
}

function* file(path: string, content: Uint8Array, mode: TarEntry['mode']): Iterable<Uint8Array> {
  yield tarHeader({ ...ABOUT, path, type: 'file', mode, sizeBytes: content.length });
  yield content;
  yield tarPadding(content.length);
}

/** The bytes of a name, as archives are written here. */
function latin1(name: string): string {
  return Buffer.from(name).toString('latin1');
}
