/**
 * Has the host's networks be what the store says. There is one way only: all of it is read and applied, as often as anything has changed, one
 * time after the other, and now and then when nothing has; so what a crash or somebody else has left is nothing special, and a hundred VMs that
 * are started together are one change.
 */
import { toVolaryError } from '../../domain/errors.ts';
import type { NetworkId } from '../../domain/ids.ts';
import { formatAddress } from '../../domain/network/cidr.ts';
import { macOfAddress } from '../../domain/network/mac.ts';
import { cidrOf, type Network } from '../../domain/network/network.ts';
import { gatewayOf } from '../../domain/network/pool.ts';
import type { BridgedNetwork } from '../../domain/network/vm-network.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { MachineNetwork } from '../../ports/driver.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { PlannedGroup, PlannedGuest } from '../../ports/networks.ts';
import type { EngineDeps } from '../deps.ts';
import { withTimeout } from '../with-timeout.ts';
import { everyLease } from './every-lease.ts';

/** How long the host may take for all of it. */
const APPLY_MS = 60_000;
/** How long the last of it may take when the server stops. */
const LAST_APPLY_MS = 5_000;
const PAGE = 500;
/** Waits after the host could not be changed, milliseconds: doubled each time. A rule that was taken away holds until then. */
const RETRY = { firstMs: 500, longestMs: 30_000 } as const;

export interface NetworkKeeper {
  /** Has what changed come to the host, some time; what fails is logged, and tried again until it goes well. */
  refresh(): void;
  /** Why the host's networks are not as they are wanted, for people; null: they are, as far as is known. */
  whyNot(): string | null;
  /** The place of this VM on its network, when it is there; null where it is on none. Throws `unavailable` network.host_failed. */
  join(vm: Vm, options: Abortable): Promise<MachineNetwork | null>;
  /** Resolves when what was asked for is done, or was given up after 5 s. */
  stop(): Promise<void>;
}

type KeeperDeps = Pick<EngineDeps, 'store' | 'networks' | 'clock' | 'log'>;

export function createNetworkKeeper(deps: KeeperDeps): NetworkKeeper {
  const { store, networks, log } = deps;
  const stopping = new AbortController();
  let current: Promise<void> = Promise.resolve();
  /** One that has not begun: whoever comes meanwhile is a part of it. */
  let next: Promise<void> | null = null;
  let failures = 0;
  let lastFailure = '';
  let isRetryDue = false;

  function sync(): Promise<void> {
    next ??= current
      // Whoever asked for that one was told of its failure.
      .catch(() => undefined)
      .then(() => {
        next = null;
        return applyAll();
      });
    current = next;
    return next;
  }

  async function applyAll(): Promise<void> {
    if (networks.whyNone !== null || stopping.signal.aborted) return;
    const plan = await readPlan(store);
    await withTimeout(deps.clock, APPLY_MS, stopping.signal, (signal) => networks.apply(plan, { signal }));
    failures = 0;
  }

  function refresh(): void {
    sync().catch((error: unknown) => {
      if (stopping.signal.aborted) return;
      log.error('the networks of the host could not be changed', { error });
      lastFailure = toVolaryError(error).message;
      retryLater();
    });
  }

  function retryLater(): void {
    if (isRetryDue) return;
    isRetryDue = true;
    const waitMs = Math.min(RETRY.longestMs, RETRY.firstMs * 2 ** Math.min(20, failures));
    failures += 1;
    deps.clock.sleep(waitMs, { signal: stopping.signal }).then(
      () => {
        isRetryDue = false;
        refresh();
      },
      // The server stops.
      () => undefined,
    );
  }

  return {
    refresh,
    whyNot() {
      if (failures === 0) return null;
      const tries = failures === 1 ? '1 try' : `${failures} tries`;
      return `The networks of this host are not as they are wanted, after ${tries}; they are tried again. ${lastFailure}`;
    },
    async join(vm, { signal }) {
      const lease = vm.spec.network.mode === 'bridge' ? await store.leases.ofVm(vm.id) : null;
      const network = lease === null ? null : await store.networks.get(lease.networkId);
      if (lease === null || network === null || vm.spec.network.mode !== 'bridge') return null;
      await sync();
      signal.throwIfAborted();
      return { ...networks.portOf(vm.id), ...settingsOf(network, lease.address, vm.spec.network) };
    },
    async stop() {
      // What the last VMs have left is taken away before: whoever deletes them, stops the server and removes its data has nothing left.
      const enough = new AbortController();
      const patience = deps.clock.sleep(LAST_APPLY_MS, { signal: enough.signal }).catch(() => undefined);
      await Promise.race([current.catch(() => undefined), patience]);
      enough.abort();
      stopping.abort(new DOMException('the server stops', 'AbortError'));
      await current.catch(() => undefined);
    },
  };
}

/** What a guest is told of its network. One that may reach nothing outside has no use for a resolver. */
function settingsOf(
  network: Network,
  address: number,
  { egress }: BridgedNetwork,
): Omit<MachineNetwork, 'namespacePath' | 'tapName'> {
  const cidr = cidrOf(network);
  const isClosed = egress === 'deny' || network.egress.policy === 'deny';
  return {
    mac: macOfAddress(address),
    address: `${formatAddress(address)}/${cidr.prefixLength}`,
    gateway: formatAddress(gatewayOf(cidr)),
    dns: isClosed ? null : network.dns,
  };
}

async function readPlan(store: KeeperDeps['store']) {
  const guests: PlannedGuest[] = [];
  for await (const { vmId, networkId, address, owner, network } of everyLease(store)) {
    const { egress, allow, securityGroups } = network;
    guests.push({ vmId, networkId, address, party: owner, egress: { policy: egress, allow }, groups: securityGroups });
  }
  const used = new Set(guests.flatMap((guest) => guest.groups));
  const groups: PlannedGroup[] = [];
  for (const name of used) {
    const group = await store.securityGroups.getByName(name);
    if (group !== null) groups.push({ name, ingress: group.ingress, egress: group.egress });
  }
  return { networks: await everyNetwork(store), guests, groups };
}

async function everyNetwork({ networks }: KeeperDeps['store']): Promise<readonly Network[]> {
  const all: Network[] = [];
  let after: NetworkId | null = null;
  for (;;) {
    const page: readonly Network[] = await networks.list({ limit: PAGE, after });
    all.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return all;
    after = last.id;
  }
}
