import { existsSync, readFileSync } from 'node:fs';
import { findProgram } from '../shared/run-program.ts';

/** The programs that it takes, and Debian's packages with them. */
const PROGRAMS = { ip: 'iproute2', nft: 'nftables', nsenter: 'util-linux' } as const;
/** CAP_NET_ADMIN and CAP_SYS_ADMIN, as bits of a process's rights. */
const RIGHTS = (1n << 12n) | (1n << 21n);

/** Why this process can make no bridges for VMs, as a sentence that says what to do; null: it can. */
export function whyNoBridges(
  self: { readonly status: string; readonly searchPath?: string } = {
    status: readFileSync('/proc/self/status', 'utf8'),
  },
): string | null {
  const rights = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(self.status)?.[1] ?? '0'}`);
  if ((rights & RIGHTS) !== RIGHTS)
    return 'Networks need a server that runs as root: it has no right to make network namespaces.';
  const missing = Object.entries(PROGRAMS).find(([program]) => findProgram(program, self.searchPath) === null);
  if (missing !== undefined) return `Networks need the program ${missing[0]}: install the package ${missing[1]}.`;
  return existsSync('/dev/net/tun')
    ? null
    : 'Networks need /dev/net/tun, which is not there: load the kernel module tun.';
}
