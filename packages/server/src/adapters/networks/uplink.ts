/** The way out of the namespace: the one thing of networks that is outside of it. It is there only while any guest may use it. */
import { runOnHost } from './host-commands.ts';
import { type HostNames, INSIDE_UPLINK } from './names.ts';

/** Where the way out leads: `host`, the network that this process is in; the path of another namespace; null: nowhere. */
export type UplinkTarget = 'host' | { readonly namespacePath: string } | null;

export interface Uplink {
  /** May be repeated. */
  make(signal: AbortSignal): Promise<void>;
  /** Absent is fine. */
  remove(signal: AbortSignal): Promise<void>;
}

export function createUplink(names: HostNames, to: UplinkTarget): Uplink {
  /** A command where the way out leads. */
  const outside = (...argv: readonly string[]): readonly string[] =>
    to === null || to === 'host' ? argv : ['nsenter', `--net=${to.namespacePath}`, ...argv];
  const inside = (...argv: readonly string[]): readonly string[] => ['ip', '-n', names.namespace, ...argv];
  /** What it is like is looked at each time: a firewall of the host's that is loaded anew takes the rules of all others with it. */
  let isGone = false;

  async function isComplete(signal: AbortSignal): Promise<boolean> {
    const routes = await runOnHost(inside('route', 'show', 'default'), { signal }).catch(() => '');
    const rules = await runOnHost(outside('nft', 'list', 'table', 'ip', names.table), { signal }).catch(() => '');
    return routes !== '' && rules !== '';
  }

  async function clear(signal: AbortSignal): Promise<void> {
    const links = await runOnHost(outside('ip', '-brief', 'link', 'show'), { signal });
    // With its end goes the other.
    if (links.split('\n').some((line) => line.startsWith(`${names.uplink}@`) || line.startsWith(`${names.uplink} `)))
      await runOnHost(outside('ip', 'link', 'delete', 'dev', names.uplink), { signal });
    const table = `table ip ${names.table}`;
    await runOnHost(outside('nft', '-f', '-'), { input: `${table}\ndelete ${table}\n`, signal });
  }

  return {
    async make(signal) {
      if (to === null) return;
      isGone = false;
      if (await isComplete(signal)) return;
      await clear(signal);
      // Before the way is open.
      await runOnHost(outside('nft', '-f', '-'), { input: outsideRules(names), signal });
      const pair = ['link', 'add', 'name', names.uplink, 'type', 'veth', 'peer', 'name', INSIDE_UPLINK];
      await runOnHost(outside('ip', ...pair, 'netns', names.namespace), { signal });
      await runOnHost(outside('ip', 'address', 'add', `${names.outsideAddress}/30`, 'dev', names.uplink), { signal });
      await runOnHost(outside('ip', 'link', 'set', 'dev', names.uplink, 'up'), { signal });
      await runOnHost(inside('address', 'add', `${names.insideAddress}/30`, 'dev', INSIDE_UPLINK), { signal });
      await runOnHost(inside('link', 'set', 'dev', INSIDE_UPLINK, 'up'), { signal });
      // Last, since it counts as complete from then on.
      await runOnHost(inside('route', 'add', 'default', 'via', names.outsideAddress), { signal });
    },
    async remove(signal) {
      if (to === null || isGone) return;
      await clear(signal);
      isGone = true;
    },
  };
}

/**
 * All that is behind the way out is one address by then. It is given the host's towards others; it begins nothing with the host itself, at
 * whatever address, nor with what the host leads on to where it is asked for itself, as ports of containers are published; and nobody begins
 * anything with it.
 */
function outsideRules({ table, uplink, insideAddress }: HostNames): string {
  return `table ip ${table} {
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    ip saddr ${insideAddress} oifname != "${uplink}" masquerade
  }
  chain input {
    type filter hook input priority -10; policy accept;
    iifname "${uplink}" drop
  }
  chain forward {
    type filter hook forward priority -10; policy accept;
    iifname "${uplink}" ip saddr != ${insideAddress} drop
    iifname "${uplink}" ct status dnat drop
    oifname "${uplink}" ct direction original drop
  }
}
`;
}
