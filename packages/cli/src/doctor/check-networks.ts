import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { findProgram } from '../setup/find-tools.ts';
import { type Check, type Finding, fine } from './check.ts';

/** What networks of VMs take of a host, with Debian's packages. */
const PROGRAMS = { ip: 'iproute2', nft: 'nftables', nsenter: 'util-linux' } as const;
const TITLE = 'Networks of VMs';

/** Where an installation's networks are, each in a namespace of its own. */
const NAMESPACES = '/run/netns';

/** Whether VMs could be joined to networks by a server of this user, and what is on the host of those that are. Nothing of it is a fault: VMs work without. */
export const checkNetworks: Check = async ({ context: { env } }) => [
  await findNetworks(env, { isRoot: process.getuid?.() === 0, namespaces: NAMESPACES }),
];

export async function findNetworks(
  env: Readonly<Record<string, string | undefined>>,
  { isRoot, namespaces }: { readonly isRoot: boolean; readonly namespaces: string },
): Promise<Finding> {
  const why = await whyNone(env, isRoot);
  const here = (await readdir(namespaces).catch(() => [])).filter((name) => /^volary-[0-9a-f]{10}$/.test(name));
  const present = here.length === 0 ? '' : `; on this host now: ${here.join(', ')}`;
  if (why === null) return fine('networks', TITLE, `VMs can be joined to networks${present}`);
  return { ...fine('networks', TITLE, `none: ${why.what}${present}`), fix: why.fix };
}

async function whyNone(
  env: Readonly<Record<string, string | undefined>>,
  isRoot: boolean,
): Promise<{ readonly what: string; readonly fix: string } | null> {
  if (!isRoot) return { what: 'this user may make no network namespaces', fix: 'run the server as root' };
  for (const [program, packageName] of Object.entries(PROGRAMS))
    if ((await findProgram(program, env)) === null)
      return { what: `${program} is missing`, fix: `apt-get install -y ${packageName}` };
  return existsSync('/dev/net/tun') ? null : { what: '/dev/net/tun is missing', fix: 'modprobe tun' };
}
